import type { Kubernetes } from '../../src/kubernetes/client.js';
import { FIELD_MANAGER } from '../../src/kubernetes/own-names.js';
import type { Workload, WorkloadReading } from '../../src/kubernetes/workload.js';
import { evictPod, type Refused, type Rolled, rollWorkload } from '../../src/kubernetes/workloads.js';
import { isNext } from '../../src/rotation/rollout-waits.js';
import type { Assessment } from './assess.js';
import type { NamespaceMemory } from './namespace-memory.js';

/** As many as may roll at the same time, beside those that do already; those that were just refused come last. */
export function nextInLine(state: readonly Assessment[], atOnce: number): Assessment[] {
  const rolling = state.filter(({ decision }) => decision.do === 'wait').length;
  const next = state.filter(({ decision }) => isNext(decision));
  const isRefused = ({ decision }: Assessment) => 'refused' in decision;
  const inTurn = [...next.filter((one) => !isRefused(one)), ...next.filter(isRefused)];
  return inTurn.slice(0, Math.max(0, atOnce - rolling));
}

/** It is next in line, and somebody has to inject its pods: a template with anchors of its own has its proxy in it. */
export function needsInjector({ decision, workload }: Assessment): boolean {
  return isNext(decision) && !(decision.do === 'roll' && workload !== undefined && workload.edits.length > 0);
}

/**
 * Rolls and evicts. What the API server refuses for one workload is remembered, and the others go on.
 * @returns how many workloads were rolled
 * @throws KubernetesError for what says nothing about one workload
 */
export async function act(
  k8s: Kubernetes,
  next: readonly Assessment[],
  { reading, memory }: { reading: WorkloadReading; memory: NamespaceMemory },
): Promise<number> {
  let rolled = 0;
  for (const assessment of next) {
    const { workload, decision } = assessment;
    if (workload && decision.do === 'roll') {
      const isRolled = await rollOne(k8s, { ...assessment, workload, mark: decision.mark }, { reading, memory });
      if (isRolled) rolled += 1;
    } else await evictOne(k8s, assessment, memory);
  }
  return rolled;
}

async function rollOne(
  k8s: Kubernetes,
  { name, workload, mark }: Pick<Assessment, 'name'> & { workload: Workload; mark: string },
  { reading, memory }: { reading: WorkloadReading; memory: NamespaceMemory },
): Promise<boolean> {
  const outcome = await rollWorkload(k8s, workload, { reading, mark, manager: FIELD_MANAGER });
  if (outcome === 'rolled') memory.rolled.set(name, { mark, markedAt: new Date().toISOString() });
  note(memory, name, refusedRoll(outcome));
  return outcome === 'rolled';
}

async function evictOne(
  k8s: Kubernetes,
  { name, outdated, staying }: Assessment,
  memory: NamespaceMemory,
): Promise<void> {
  if (!outdated) return;
  const outcome = await evictPod(k8s, { ...outdated, name: outdated.pod });
  note(memory, name, outcome && { reason: outcome.budget ? 'EvictionBlocked' : 'RollRefused', ...outcome });
  if (outcome) return;
  memory.evictions.set(name, (memory.evictions.get(name) ?? 0) + 1);
  if (!memory.evicted.has(name)) memory.evicted.set(name, staying);
}

type Noted = Pick<Refused, 'refused' | 'final'> & { reason: 'RollRefused' | 'EvictionBlocked' };

function refusedRoll(outcome: Rolled): Noted | undefined {
  if (outcome === 'rolled' || outcome === 'gone') return undefined;
  const reason = 'RollRefused';
  if (outcome !== 'changed') return { reason, ...outcome };
  return { reason, refused: 'it is changed all the time: each roll has met a newer one', final: false };
}

function note({ refused }: NamespaceMemory, name: string, noted: Noted | undefined): void {
  if (!noted) {
    refused.delete(name);
    return;
  }
  const { reason, refused: message, final } = noted;
  refused.set(name, { reason, message, final, since: refused.get(name)?.since ?? new Date().toISOString() });
}
