import { back, backFromIssuer } from './back.js';
import { bridge } from './bridge.js';
import { bridgeRolled } from './bridge-rolled.js';
import type { Course } from './course.js';
import { issuer, issuerRolled } from './issuer.js';
import { patient } from './patient.js';
import { afterExpiry, type Recovery } from './recovery.js';
import { standard } from './standard.js';

interface Entry {
  course: Course;
  /** What `leafRenewal: roll` makes of it; absent where it waits for nothing, or does not go with rolling. */
  rolled?: Course;
}

/** Every course that a rotation can be started with: a new one is a file beside this one, and a row here. */
export const COURSES = {
  bridge: { course: bridge, rolled: bridgeRolled },
  patient: { course: patient },
  standard: { course: standard },
  issuer: { course: issuer, rolled: issuerRolled },
} satisfies Record<string, Entry>;

export type CourseName = keyof typeof COURSES;
/** The ways to replace a root; the issuer alone is a workflow of its own. */
export type StrategyName = Exclude<CourseName, 'issuer'>;

export const DEFAULT_STRATEGY: StrategyName = 'bridge';
/** Carries the issuer key of the start nowhere, and gets it out of use soonest. */
export const STRATEGY_FOR_COMPROMISED_KEY: StrategyName = 'standard';

/** Which course a rotation is on; it travels with every step. */
export interface CourseRef {
  strategy: CourseName;
  leafRenewal: LeafRenewal;
  /** `back`: on the way back to the certificates of the start. */
  direction: 'forward' | 'back';
  /** What of the start has expired. */
  recovery?: Recovery;
}

export type LeafRenewal = 'wait' | 'roll';

export function courseOf({ strategy, leafRenewal, direction, recovery }: CourseRef): Course {
  const { course, rolled }: Entry = COURSES[strategy];
  if (direction === 'back') return course.replaces === 'issuer' ? backFromIssuer : back;
  const chosen = leafRenewal === 'roll' && rolled ? rolled : course;
  return recovery ? afterExpiry(chosen, recovery) : chosen;
}

/** What an input can name. */
export function strategyNames(): [StrategyName, ...StrategyName[]] {
  const names = Object.entries<Entry>(COURSES).filter(([, { course }]) => course.replaces === 'root');
  return names.map(([name]) => name) as [StrategyName, ...StrategyName[]];
}

/** Every way to replace a root, with the name that people choose it by. */
export function waysToReplaceRoot(): { name: string; course: Course }[] {
  return strategyNames().flatMap((name) => {
    const { course, rolled }: Entry = COURSES[name];
    return [{ name, course }, ...(rolled ? [{ name: `${name} with leafRenewal roll`, course: rolled }] : [])];
  });
}

/** Whether `leafRenewal: roll` says something that the course can do, or does anyway. */
export function goesWithRolling(strategy: CourseName): boolean {
  const { course, rolled }: Entry = COURSES[strategy];
  return rolled !== undefined || !course.rows.some(({ by }) => by === 'wait');
}
