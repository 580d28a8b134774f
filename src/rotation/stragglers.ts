import { type ProxyObservation, type Target, workloadName } from '../ground/mesh.js';
import type { Waiver } from './findings.js';
import { isProxyWaived, type Requirement, type Shortfall } from './gates.js';
import { ROLLED_KINDS } from './unmanaged.js';

/** What keeps a gate from passing, as people repair it. */
export interface StragglersOf {
  target: Target;
  requirement: Requirement;
  waivers: readonly Waiver[];
  /** Milliseconds: a pod that is younger may be starting, or about to end. */
  stuckAfterMs: number;
}

/** Workloads of which proxies fall short, each with the reason: the same while pods come and go beside them. */
export function stragglers(
  proxies: readonly ProxyObservation[],
  { target, requirement, waivers, stuckAfterMs }: StragglersOf,
  now: Date,
): Set<string> {
  const found = new Set<string>();
  for (const proxy of proxies) {
    const shortfall = requirement(proxy, target);
    if (!shortfall || isProxyWaived(proxy, waivers) || isPassing(proxy, shortfall, now.getTime() - stuckAfterMs))
      continue;
    found.add(`${workloadName(proxy.workload)} ${shortfall.reason}`);
  }
  return found;
}

/** It is about to be right, or gone, by itself. Pods of kinds that are not rolled end by themselves, a Job's for example. */
function isPassing(
  { terminating, createdAt, workload }: ProxyObservation,
  { unproven }: Shortfall,
  before: number,
): boolean {
  if (unproven && terminating) return true;
  const isYoung = createdAt !== undefined && Date.parse(createdAt) > before;
  return isYoung && (unproven === true || !ROLLED_KINDS.includes(workload.kind));
}

/**
 * Tells when the set of stragglers is no longer the one of the first look: one is gone, or a new one has come, and that in
 * two looks one after the other.
 */
export function changeOf(): (found: ReadonlySet<string>) => boolean {
  let first: ReadonlySet<string> | undefined;
  let before: ReadonlySet<string> = new Set();
  return (found) => {
    first ??= found;
    const changed = difference(first, found);
    const lasts = [...changed].some((name) => before.has(name));
    before = changed;
    return lasts;
  };
}

function difference(one: ReadonlySet<string>, other: ReadonlySet<string>): Set<string> {
  return new Set([...one, ...other].filter((name) => one.has(name) !== other.has(name)));
}
