import type { CourseRef } from './courses/index.js';
import type { Waiver } from './findings.js';
import type { RotationSettings } from './input.js';
import type { Plan } from './plan.js';

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
  return JSON.stringify({ ...approved, leafRenewal });
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
