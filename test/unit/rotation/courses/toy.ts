import type { Course } from '../../../../src/rotation/courses/course.js';

/** A strategy that only this test knows: one file, and one row of the index. It trusts, asks, and retires by waiting. */
export const toy: Course = {
  strategy: 'toy',
  replaces: 'root',
  rows: [
    {
      phase: 'trust',
      what: 'the bundle gets a toy root',
      writes: ['addTarget'],
      gate: 'trustsTarget',
      whose: 'everybody',
      by: 'wait',
      templates: 'none',
    },
    {
      phase: 'retire',
      what: 'the old root leaves the toy box',
      writes: ['dropRetired'],
      issuer: 'new',
      gate: 'forgotRetired',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
      retired: true,
    },
  ],
};
