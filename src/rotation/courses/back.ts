import type { Course, Row } from './course.js';

const issue: Row = {
  phase: 'issue',
  what: 'the issuer of the start goes back into its Secret',
  writes: ['addTarget', 'swapIssuer'],
  issuer: 'previous',
  gate: 'presentsTarget',
  whose: 'identity',
  by: 'roll',
  templates: 'all',
};

/**
 * The way back, to the certificates of the start: the root of the start is the target, the new one is retired. Nothing has
 * to learn to trust the target, because until the point of no return every process does.
 */
export const back: Course = {
  strategy: 'abort',
  replaces: 'root',
  rows: [
    issue,
    {
      phase: 'renew',
      what: 'every proxy gets a leaf under the root of the start',
      writes: [],
      issuer: 'previous',
      gate: 'presentsTarget',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
    },
    {
      phase: 'retire',
      what: 'the new root leaves the bundle',
      writes: ['dropRetired'],
      issuer: 'previous',
      gate: 'forgotRetired',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
      gatesTemplates: true,
      retired: true,
    },
  ],
};

/** The way back of an issuer alone: the root stays, so no template is touched. */
export const backFromIssuer: Course = {
  ...back,
  replaces: 'issuer',
  rows: back.rows.map((row) => ({
    ...row,
    templates: 'none',
    ...(row.phase === 'issue' ? { gate: 'leftRetiredIssuer' as const } : {}),
  })),
};
