import type { Row } from '../row.js';

export const pki: readonly Row[] = [];
