import { bridge } from './bridge.js';
import { type Course, rowOf } from './course.js';

/**
 * A bridge that does not wait (`leafRenewal: roll`). Its first rollout makes every process trust both roots, so the issuer
 * is swapped before the point of no return, and the rollout of `retire` leaves nothing to refresh.
 */
export const bridgeRolled: Course = {
  ...bridge,
  rows: [
    rowOf(bridge, 'trust'),
    rowOf(bridge, 'bridge'),
    {
      phase: 'renew',
      what: 'every process trusts both roots, and every leaf verifies with the new one',
      writes: [],
      issuer: 'bridge',
      gate: 'presentsAndTrustsTarget',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
      gatesTemplates: true,
    },
    {
      phase: 'issue',
      what: 'the issuer is swapped for the new one',
      first: 'renew',
      writes: ['swapIssuer'],
      issuer: 'new',
      gate: 'leftRetiredIssuer',
      event: true,
      whose: 'identity',
      by: 'roll',
      templates: 'all',
      asks: 'The identity issuer is swapped for one with a new key under the new root.',
    },
    {
      phase: 'approve',
      what: 'wait for your approval',
      approval: true,
      writes: [],
      issuer: 'new',
      gate: 'presentsAndTrustsTarget',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
      asks: 'After this the old root leaves the bundle: the point of no return.',
    },
    {
      phase: 'retire',
      what: 'the old root leaves the bundle: the point of no return',
      first: 'approve',
      noReturn: true,
      writes: ['writeIssuer', 'dropRetired'],
      issuer: 'new',
      gate: 'forgotRetiredRootAndIssuer',
      whose: 'everybody',
      by: 'roll',
      templates: 'all',
      gatesTemplates: true,
      retired: true,
    },
  ],
};
