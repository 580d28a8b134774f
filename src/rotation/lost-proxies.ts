import { isSameWorkload, type ProxyObservation, workloadName, type WorkloadRef } from '../ground/mesh.js';
import type { WorkloadSnapshot } from '../ground/workload.js';
import type { Finding } from './findings.js';

/**
 * Workloads that a rotation has rolled and that came back with fewer proxies than pods: they were made while the injector was
 * away (its webhook lets pods through then), and talk in plain text since.
 * @param rotation short name of the rotation, whichever way it goes
 */
export function lostProxies(
  workloads: readonly (WorkloadSnapshot & WorkloadRef)[],
  proxies: readonly Pick<ProxyObservation, 'workload' | 'terminating'>[],
  rotation: string,
): Finding[] {
  const meshed = new Map<string, WorkloadRef[]>();
  for (const { workload, terminating } of proxies) {
    if (!terminating) meshed.set(workloadName(workload), [...(meshed.get(workloadName(workload)) ?? []), workload]);
  }
  return workloads.flatMap((workload) => {
    const { mark, wanted = 0 } = workload;
    const own = (meshed.get(workloadName(workload)) ?? []).filter((claimed) => isSameWorkload(claimed, workload));
    const missing = withoutProxy(workload, wanted, own.length);
    return missing > 0 && mark?.startsWith(`${rotation}-`) ? [lost(workload, missing, wanted)] : [];
  });
}

/** Pods that came back without a proxy: while a workload rolls that is not known, and on some it is intended. */
export function withoutProxy(
  { rolledOut, unmeshed }: Pick<WorkloadSnapshot, 'rolledOut' | 'unmeshed'>,
  expected: number,
  found: number,
): number {
  return rolledOut && !unmeshed ? Math.max(0, expected - found) : 0;
}

function lost(workload: WorkloadRef, missing: number, wanted: number): Finding {
  return {
    reason: 'ProxyLost',
    severity: 'block',
    message: `${missing} of its ${wanted} pods came back without a proxy`,
    subject: { kind: 'workload', name: workloadName(workload) },
    hint: 'check that linkerd-proxy-injector is up, then restart the workload (the rotation notices by itself); `waive` it if its pods are to be unmeshed',
  };
}

/** Short name of the rotation that a target is of: marks carry it on both ways. */
export function rotationOf(targetId: string): string {
  return targetId.replace(/-back$/, '');
}
