import type { Row } from '../row.js';

export const writers: readonly Row[] = [];
