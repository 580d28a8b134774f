import { inUseRows } from '../pki/in-use.js';
import { rotations } from '../pki/rotations.js';
import { supplied } from '../pki/supplied.js';
import type { Row } from '../row.js';

export const pki: readonly Row[] = [...supplied, ...inUseRows, ...rotations];
