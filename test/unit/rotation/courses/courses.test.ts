import { describe, expect, it } from 'vitest';
import { type Course, forcedRollouts, issuerOf, rowOf } from '../../../../src/rotation/courses/course.js';
import {
  COURSES,
  courseOf,
  type CourseRef,
  goesWithRolling,
  strategyNames,
  waysToReplaceRoot,
} from '../../../../src/rotation/courses/index.js';

const ref = (more: Partial<CourseRef> = {}): CourseRef => ({
  strategy: 'bridge',
  leafRenewal: 'wait',
  direction: 'forward',
  ...more,
});
const WAYS: [string, Course][] = waysToReplaceRoot().map(({ name, course }) => [name, course]);
const BACK = [courseOf(ref({ direction: 'back' })), courseOf(ref({ strategy: 'issuer', direction: 'back' }))];
const ALL = [...WAYS.map(([, course]) => course), COURSES.issuer.course, COURSES.issuer.rolled, ...BACK];

describe('courses', () => {
  it.each([
    [{ strategy: 'standard' as const }, 3],
    [{ strategy: 'patient' as const }, 2],
    [{}, 1],
    [{ leafRenewal: 'roll' as const }, 2],
    [{ strategy: 'issuer' as const }, 0],
    [{ strategy: 'issuer' as const, leafRenewal: 'roll' as const }, 1],
  ])('%o forces %i rollouts of the data plane', (which, rollouts) => {
    expect(forcedRollouts(courseOf(ref(which)))).toBe(rollouts);
  });
  it('name every phase once, and every row that another refers to', () => {
    for (const course of ALL) {
      const phases = course.rows.map(({ phase }) => phase);
      expect(new Set(phases).size).toBe(phases.length);
      for (const { first, identityFirst } of course.rows) {
        const named = [first, identityFirst].filter((phase) => phase !== undefined);
        expect(phases).toEqual(expect.arrayContaining(named));
      }
    }
  });
  it('say which issuer wherever they write one', () => {
    const writers = ALL.flatMap(({ rows }) => rows).filter(({ writes }) =>
      writes.some((write) => write.endsWith('Issuer')),
    );
    expect(writers.length).toBeGreaterThan(ALL.length);
    for (const row of writers) expect(issuerOf(row)).toBe(row.issuer);
  });
  it.each(WAYS)('%s proves a gate again right before it drops the old root, after an approval', (_, course) => {
    const at = course.rows.findIndex(({ writes }) => writes.includes('dropRetired'));
    const row = course.rows[at];
    expect(row).toMatchObject({ phase: 'retire', first: 'approve', noReturn: true, retired: true });
    expect(course.rows[at - 1]?.approval).toBe(true);
    expect(course.rows.slice(0, at).some(({ retired }) => retired)).toBe(false);
  });
  it('never wait on the way back, and touch no template for an issuer alone', () => {
    for (const { rows } of BACK) expect(rows.every(({ by }) => by === 'roll')).toBe(true);
    const alone = [
      COURSES.issuer.course,
      COURSES.issuer.rolled,
      courseOf(ref({ strategy: 'issuer', direction: 'back' })),
    ];
    for (const { rows } of alone) expect(rows.every(({ templates }) => templates === 'none')).toBe(true);
  });
  it('put the certificate under the target first for an identity whose root has expired', () => {
    const rows = courseOf(ref({ recovery: 'root' })).rows;
    expect(rows.map(({ issuer }) => issuer)).not.toContain('bridge');
    expect(rows[0]).toMatchObject({ phase: 'trust', identityFirst: 'bridge' });
  });
  it('go with rolling where they can roll instead of waiting, or never wait', () => {
    expect(strategyNames().filter(goesWithRolling)).toEqual(['bridge', 'standard']);
  });
  it('tell a phase that they do not have', () => {
    expect(() => rowOf(COURSES.standard.course, 'refresh')).toThrow('standard has no phase refresh');
  });
});
