import { present } from '../ground/present.js';
import type { CourseRef } from './courses/index.js';
import type { Waiver } from './findings.js';
import type { RotationSettings } from './input.js';
import type { Plan } from './plan.js';
import { DEFAULT_CANARY, DEFAULT_STRAGGLER_LIMIT, readLimit } from './rollout-fields.js';

/** Everything that an approval is bound to, as text. */

/** What the input asks for that changes what is done. Where it is done, and how often it is looked at, is no part of it. */
export function approvedSettings(settings: RotationSettings, { leafRenewal }: CourseRef): string {
  const {
    cluster: _,
    linkerdNamespace: __,
    planOnly: ___,
    timing: ____,
    waive: _____,
    adopt: ______,
    ...approved
  } = settings;
  return JSON.stringify({ ...approved, rollout: approvedRollout(settings.rollout), leafRenewal });
}

/** The caps of 0.6, where nobody had said others. */
const CAPS_OF_0_6 = { namespaces: 4, workloads: 8 };

/** What is not said reads as it did before it could be said, so that what was approved in 0.6 is still approved. */
function approvedRollout(rollout: RotationSettings['rollout']): object {
  const { pace, deadline, stuckAfter, deletePods, first, last } = rollout;
  const { namespaces, workloads } = { ...CAPS_OF_0_6, ...present(rollout) };
  const { pods, canary, maxStragglers, windows } = rollout;
  return {
    ...{ pace, deadline, namespaces, workloads, stuckAfter, deletePods, first, last },
    ...present({
      pods,
      canary: canary === DEFAULT_CANARY ? undefined : canary,
      maxStragglers: isSame(maxStragglers, readLimit(DEFAULT_STRAGGLER_LIMIT)) ? undefined : maxStragglers,
      windows: windows.length === 0 ? undefined : windows,
    }),
  };
}

function isSame(one: object, other: object | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A waiver, and what it opens. */
export function waiverText({ subject, gate, direction }: Waiver): string {
  return `${subject} (${direction === 'back' ? 'on the way back: ' : ''}${gate ?? 'every gate'})`;
}

/**
 * What an approval is bound to: the roots, what was asked for, who is gone on without, who writes what where that is not reroot, and what is going to be rolled, by the
 * digests of its namespaces. So whoever has the plan can tell that its hash is its own. Replica counts are left out: a mesh
 * that scales while it waits for approval is still the mesh that was approved.
 */
export function approvedText(plan: Omit<Plan, 'hash'>): string {
  const { cluster, linkerdNamespace, strategy, retire, keep, target, settings, waivers, owners, namespaces } = plan;
  const rolled = namespaces.flatMap(({ name, digest }) => (digest === undefined ? [] : [[name, digest]]));
  return JSON.stringify({
    cluster,
    linkerdNamespace,
    strategy,
    retire,
    keep,
    target,
    settings,
    waivers,
    owners,
    rolled,
  });
}
