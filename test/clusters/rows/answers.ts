import type { Row } from '../row.js';

export const answers: readonly Row[] = [];
