import type { Row } from '../row.js';

export const admission: readonly Row[] = [];
