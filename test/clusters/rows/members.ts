import type { Row } from '../row.js';

export const members: readonly Row[] = [];
