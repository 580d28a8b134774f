import type { Course, Row } from './course.js';

const trust: Row = {
  phase: 'trust',
  what: 'everybody trusts the root of the start',
  writes: ['addTarget'],
  gate: 'trustsTarget',
  whose: 'everybody',
  by: 'roll',
  templates: 'all',
  gatesTemplates: true,
};

const issue: Row = {
  phase: 'issue',
  what: 'the issuer of the start goes back into its Secret',
  first: 'trust',
  writes: ['swapIssuer'],
  issuer: 'previous',
  gate: 'presentsTarget',
  whose: 'identity',
  by: 'roll',
  templates: 'all',
};

/**
 * The way back, to the certificates of the start: the root of the start is the target, the new one is retired. Until the
 * point of no return every process trusts the target; that is proven, not remembered, before the issuer goes back.
 */
export const back: Course = {
  strategy: 'abort',
  replaces: 'root',
  rows: [
    trust,
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

/** The way back of an issuer alone: the root stays, so nobody has to trust another, and no template is touched. */
export const backFromIssuer: Course = {
  ...back,
  replaces: 'issuer',
  rows: back.rows
    .filter(({ phase }) => phase !== 'trust')
    .map((row) => {
      const alone: Row = { ...row, templates: 'none', gate: 'leftRetiredIssuer' };
      delete alone.first;
      delete alone.gatesTemplates;
      return alone;
    }),
};
