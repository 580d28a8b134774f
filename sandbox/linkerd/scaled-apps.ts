import { NODES } from '../cluster/objects.js';
import type { App } from './app.js';

/**
 * Meshes of any size, for benchmarks: about ten pods a workload, in namespaces of unequal size. The same size is always
 * the same mesh.
 */

const TEAM = 'team-';

/** Replicas of one workload after the other; those of a StatefulSet have a sign in front. */
const REPLICAS = [2, 12, 3, 20, -3, 4, 30, 6, 8, -5, 10, 16] as const;
const DAEMON_SETS = 2;
/** Fractions of its multiples are spread evenly, whatever their number. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** The biggest namespace has a tenth of the workloads. */
const SKEW = 1.5;

/** Whether a namespace belongs to such a mesh: all of them are meshed. */
export function isTeam(namespace: string): boolean {
  return namespace.startsWith(TEAM);
}

/** @returns workloads with exactly so many pods, two of them DaemonSets; they need a few dozen pods */
export function scaledApps(pods: number): App[] {
  const daemons = Array.from({ length: DAEMON_SETS }, (_, index) => ({
    namespace: teamName(index),
    kind: 'DaemonSet' as const,
    name: `agent-${index + 1}`,
  }));
  const apps: App[] = [...daemons];
  const teams = namespaceCount(pods);
  for (let left = pods - DAEMON_SETS * NODES, index = 0; left > 0; index += 1) {
    const wanted = REPLICAS[index % REPLICAS.length] ?? 1;
    const replicas = Math.min(Math.abs(wanted), left);
    const team = Math.floor(teams * ((index * GOLDEN) % 1) ** SKEW);
    const kind = wanted < 0 ? 'StatefulSet' : 'Deployment';
    apps.push({ namespace: teamName(team), kind, name: `${wanted < 0 ? 'store' : 'app'}-${index + 1}`, replicas });
    left -= replicas;
  }
  return apps;
}

/** 14 at 1,000 pods, 26 at 3,000 and 53 at 10,000: they grow slower than their pods. */
function namespaceCount(pods: number): number {
  return Math.max(DAEMON_SETS, Math.round(0.231 * pods ** 0.59));
}

function teamName(index: number): string {
  return `${TEAM}${index + 1}`;
}
