import type { Row } from '../row.js';

export const operators: readonly Row[] = [];
