import type { Course } from './course.js';

/** The issuer alone, under the root in use: nothing is restarted, and the old key goes when no proxy presents it. */
export const issuer: Course = {
  strategy: 'issuer',
  replaces: 'issuer',
  rows: [
    {
      phase: 'issue',
      what: 'the issuer is swapped for the new one',
      writes: ['swapIssuer'],
      issuer: 'new',
      gate: 'leftRetiredIssuer',
      event: true,
      whose: 'identity',
      by: 'roll',
      templates: 'none',
    },
    {
      phase: 'refresh',
      what: 'every leaf comes from the new issuer',
      writes: [],
      issuer: 'new',
      gate: 'leftRetiredIssuer',
      whose: 'everybody',
      by: 'wait',
      templates: 'none',
    },
  ],
};

/** The same with a rollout in place of the wait (`leafRenewal: roll`). */
export const issuerRolled: Course = {
  ...issuer,
  rows: issuer.rows.map((row) => ({ ...row, by: 'roll' })),
};
