import type { Course } from './course.js';
import { standard } from './standard.js';

/** As standard, but the second rollout is replaced by waiting for the proxies' own renewal of their leaves. */
export const patient: Course = {
  ...standard,
  strategy: 'patient',
  rows: standard.rows.map((row) => (row.phase === 'renew' || row.phase === 'approve' ? { ...row, by: 'wait' } : row)),
};
