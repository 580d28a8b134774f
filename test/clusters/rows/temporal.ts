import type { Row } from '../row.js';

export const temporal: readonly Row[] = [];
