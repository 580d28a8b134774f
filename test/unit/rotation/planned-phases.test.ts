import { describe, expect, it } from 'vitest';
import type { Course } from '../../../src/rotation/courses/course.js';
import { COURSES } from '../../../src/rotation/courses/index.js';
import type { RotationInput } from '../../../src/rotation/input.js';
import type { Owners } from '../../../src/rotation/owners.js';
import type { Pace } from '../../../src/rotation/pace.js';
import {
  compared,
  planPhases,
  predictedAsBefore,
  predictedText,
  untilRetired,
} from '../../../src/rotation/planned-phases.js';
import { HOUR_MS, request } from './support.js';

const lasts = (fromMs: number, toMs: number) => ({ fromMs, toMs });
const pace: Pace = {
  leafLifeMs: 24 * HOUR_MS,
  proxies: 20,
  controlPlane: [{ name: 'linkerd/Deployment/linkerd-identity', lasts: lasts(20_000, 70_000) }],
  namespaces: [[{ lasts: lasts(200_000, 400_000), atOnce: 1 }]],
};
const phases = (course: Course, input: RotationInput = {}, of = pace) =>
  planPhases(request(input).settings, course, of);

describe('planPhases', () => {
  const texts = (course: Course, input?: RotationInput, of?: Pace) =>
    Object.fromEntries(phases(course, input, of).map((planned) => [planned.phase, predictedText(planned)]));

  it('predicts a range for each phase that does something', () => {
    expect(texts(COURSES.standard.course)).toEqual({
      preflight: 'a few seconds',
      generate: 'a few seconds',
      trust: '3 to 8 min',
      issue: '20 s to 4 min',
      renew: '3 to 8 min',
      approve: '',
      retire: '3 to 8 min',
      finish: 'a few seconds',
    });
  });
  it('predicts the renewal of leaves from how long they live, also for the issuer alone', () => {
    expect(texts(COURSES.issuer.course)).toMatchObject({ issue: 'up to 3 min', refresh: '16 to 17 h' });
    expect(texts(COURSES.patient.course)['renew']).toBe('16 to 17 h');
  });
  it('promises no work in no time, however small the mesh', () => {
    const tiny = { ...pace, proxies: 1, controlPlane: [], namespaces: [] };
    const idle = phases(COURSES.standard.course, {}, tiny).filter(({ predictedMs = 0 }) => predictedMs === 0);
    expect(idle.map(({ phase }) => phase)).toEqual(['approve']);
  });
  it('says whom it waits for, and what cert-manager makes', () => {
    const whats = (owners: Owners) =>
      Object.fromEntries(
        planPhases(request().settings, COURSES.standard.course, pace, owners).map(({ phase, what }) => [phase, what]),
      );
    const handedOff = whats({ bundle: { kind: 'handOff', who: 'Argo CD' }, issuer: { kind: 'handOff' } });
    expect(handedOff['trust']).toMatch(/; wait for Argo CD to write the bundle$/);
    expect(handedOff['issue']).toMatch(/; wait for whoever owns it to write the issuer$/);
    expect(handedOff['retire']).toMatch(/; wait for Argo CD to write the bundle$/);
    expect(handedOff['renew']).not.toContain('to write');
    const driven = whats({ bundle: { kind: 'certManager' }, issuer: { kind: 'certManager' } });
    expect(driven['generate']).toBe("a new root: by a renewal of cert-manager's Certificate, where it has one");
    expect(driven['trust']).not.toContain('to write');
  });
  it('predicts nothing for an organic rollout, which is up to people', () => {
    const organic = phases(COURSES.bridge.course, { rollout: { pace: 'organic', deadline: '3d' } });
    const retire = organic.find(({ phase }) => phase === 'retire');
    expect(retire?.what).toContain('for 3d at most');
    expect(retire?.predictedMs).toBeUndefined();
  });
  it('says when nobody is asked', () => {
    const silent = phases(COURSES.bridge.course, { approvals: 'none' });
    expect(silent.find(({ phase }) => phase === 'approve')?.what).toContain('nobody');
  });
});

describe('predictedText', () => {
  it('of a plan of reroot 0.4 is what it may last', () =>
    expect(predictedText({ predictedMs: 540_000 })).toBe('up to 9 min'));
});

describe('untilRetired', () => {
  it('counts retire and what is before it, each in the middle of its range', () => {
    const made = (['trust', 'approve', 'retire', 'refresh'] as const).map((phase) => ({
      phase,
      what: '',
      predictedMs: 3,
      predictedFromMs: 1,
    }));
    expect(untilRetired(made)).toBe(6);
  });
});

describe('predictedAsBefore', () => {
  it('keeps what was predicted before anything was rolled', () => {
    const before = { hash: 'a', phases: [{ phase: 'trust', what: 'x', predictedMs: 2, predictedFromMs: 1 }] } as const;
    const now = { hash: 'b', phases: [{ phase: 'trust', what: 'y', predictedMs: 9 }] } as const;
    const kept = predictedAsBefore<{ hash: string; phases: [] }>(now as never, before as never);
    expect(kept).toEqual({
      hash: 'b',
      phases: [{ phase: 'trust', what: 'y', predictedMs: 2, predictedFromMs: 1 }],
    });
    expect(predictedAsBefore(kept, undefined)).toBe(kept);
  });
});

describe('compared', () => {
  const took = {
    phase: 'trust',
    state: 'done',
    startedAt: '2026-01-01T10:00:00Z',
    finishedAt: '2026-01-01T10:05:00Z',
  } as const;
  it('puts what happened beside what was predicted', () => {
    const planned = [{ phase: 'trust', what: '', predictedMs: 540_000, predictedFromMs: 240_000 } as const];
    expect(compared([took, { phase: 'issue', state: 'pending' }], planned)).toEqual([
      { ...took, tookMs: 300_000, predictedFromMs: 240_000, predictedMs: 540_000 },
      { phase: 'issue', state: 'pending' },
    ]);
  });
  it('says what happened where nothing was predicted', () => {
    expect(compared([took], undefined)).toEqual([{ ...took, tookMs: 300_000 }]);
  });
});
