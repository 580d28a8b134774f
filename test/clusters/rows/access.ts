import type { Row } from '../row.js';

export const access: readonly Row[] = [];
