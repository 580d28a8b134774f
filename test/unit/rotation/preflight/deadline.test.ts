import { describe, expect, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import type { Course } from '../../../../src/rotation/courses/course.js';
import type { Pace } from '../../../../src/rotation/pace.js';
import { deadlineOf } from '../../../../src/rotation/preflight/deadline.js';
import type { PreflightObservation } from '../../../../src/rotation/preflight/observation.js';
import { HOUR_MS, request } from '../support.js';
import { after, type Case, holds, ROOT_EXPIRED } from './support.js';

describe('deadlineOf', () => {
  /** Each in the middle of what is predicted. */
  const WRITE_MS = 3000;
  const BEGIN_MS = 2 * WRITE_MS;
  const ROLLOUT_MS = 60_000 + WRITE_MS;
  const TAKEN_MS = 60_000 + WRITE_MS;
  const RENEWAL_MS = 3.5 * HOUR_MS;
  const STANDARD_MS = BEGIN_MS + 3 * ROLLOUT_MS + TAKEN_MS;
  const PATIENT_MS = BEGIN_MS + 2 * ROLLOUT_MS + TAKEN_MS + RENEWAL_MS;
  const BRIDGE_MS = BEGIN_MS + WRITE_MS + TAKEN_MS + RENEWAL_MS + ROLLOUT_MS;
  const ROLLED_MS = BEGIN_MS + WRITE_MS + 2 * TAKEN_MS + 2 * ROLLOUT_MS;
  const pace: Pace = {
    leafLifeMs: 10 * HOUR_MS,
    proxies: 0,
    controlPlane: [],
    namespaces: [[{ lasts: { fromMs: 50_000, toMs: 70_000 }, atOnce: 1 }]],
  };
  const { settings } = request();
  const now = new Date('2026-06-01T00:00:00Z');
  const lasts = (course: Course) => deadlineOf({ settings, course }, pace, { expiries: [], now }).lastsMs;

  it('is what the phases up to retire are predicted to take', () => {
    expect(lasts(COURSES.standard.course)).toBe(STANDARD_MS);
    expect(lasts(COURSES.patient.course)).toBe(PATIENT_MS);
    expect(lasts(COURSES.bridge.course)).toBe(BRIDGE_MS);
    expect(lasts(COURSES.bridge.rolled)).toBe(ROLLED_MS);
  });

  it('has the longest time between two windows in it, for each rollout', () => {
    const of = request({ rollout: { windows: [{ cron: '0 22 * * mon-fri', for: '6h' }] } });
    const { lastsMs, closedMs } = deadlineOf({ ...of, course: COURSES.standard.course }, pace, { expiries: [], now });
    expect(closedMs).toBe(66 * HOUR_MS); // from Saturday's morning to Monday's night
    expect(lastsMs).toBe(STANDARD_MS + 3 * 66 * HOUR_MS);
  });

  it('does not matter to a rotation of the issuer alone', () => expect(lasts(COURSES.issuer.course)).toBe(0));

  it('knows every other way, whatever was asked for', () => {
    const expiries = [{ what: 'its root', notAfter: after(1) }];
    expect(deadlineOf({ settings, course: COURSES.bridge.rolled }, pace, { expiries, now })).toEqual({
      lastsMs: ROLLED_MS,
      ways: [
        { name: 'bridge', lastsMs: BRIDGE_MS },
        { name: 'bridge with leafRenewal roll', lastsMs: ROLLED_MS },
        { name: 'patient', lastsMs: PATIENT_MS },
        { name: 'standard', lastsMs: STANDARD_MS },
      ],
      expiries,
    });
  });
});

describe('strategyTooSlow', () => {
  const left = (milliseconds: number, lastsMs = 10 * HOUR_MS): PreflightObservation['deadline'] => ({
    lastsMs,
    ways: [
      { name: 'bridge', lastsMs: 10 * HOUR_MS },
      { name: 'patient', lastsMs: 9 * HOUR_MS },
      { name: 'standard', lastsMs: HOUR_MS },
    ],
    expiries: [
      { what: 'the issuer in use', notAfter: after(milliseconds) },
      { what: 'its root', notAfter: after(900 * HOUR_MS) },
    ],
  });
  const tooSlow = { reason: 'StrategyTooSlow', severity: 'block', subject: 'cluster' } as const;
  it.each<Case>([
    { name: 'finds nothing when there is twice the time', observed: { deadline: left(20 * HOUR_MS) }, finds: [] },
    {
      name: 'blocks below that, and names the ways that are quick enough',
      observed: { deadline: left(20 * HOUR_MS - 1) },
      finds: [
        {
          ...tooSlow,
          says: ['the issuer in use', after(20 * HOUR_MS - 1), 'strategy bridge may last 10h'],
          hint: 'in time: patient, standard',
        },
      ],
    },
    {
      name: 'blocks when no way is quick enough, and names the quickest',
      observed: { deadline: left(HOUR_MS) },
      finds: [{ ...tooSlow, says: ['in 1h'], hint: 'standard is the quickest' }],
    },
    {
      name: 'says what of it is the time between windows',
      observed: { deadline: { ...left(HOUR_MS), closedMs: 3 * HOUR_MS } },
      finds: [
        {
          ...tooSlow,
          says: ['may last 10h, 3h of it for each rollout until one of `rollout.windows` opens'],
          hint: 'standard is the quickest; or say windows that open sooner',
        },
      ],
    },
    {
      name: 'finds nothing in a recovery: it is too late to hurry',
      observed: { deadline: left(HOUR_MS), recovery: 'root' },
      finds: [ROOT_EXPIRED],
    },
    {
      name: 'finds nothing for an issuer alone, which is replaced at once',
      observed: { deadline: left(HOUR_MS, 0), course: COURSES.issuer.course },
      finds: [],
    },
  ])('$name', holds);
});
