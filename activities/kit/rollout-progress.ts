import { present } from '../../src/ground/present.js';
import { inFlight } from '../../src/rotation/budget.js';
import type { ReinjectNamespacesInput, RolloutProgress, ShownNamespace } from '../../src/rotation/rollout-payloads.js';
import { shownInProgress } from '../../src/rotation/shown-namespaces.js';
import type { Cluster, ClusterState, InCluster } from './cluster-state.js';
import { isBusy, SHOWN_AMONG_OTHERS, summarize, undoneOf } from './namespace-progress.js';

interface Told {
  cluster: ClusterState;
  input: ReinjectNamespacesInput;
  budget: number;
  slowed: string | undefined;
  stopped: string | undefined;
}

/** What is told of a rollout over many namespaces: all of it in numbers, and of namespaces those that fit. */
export function rolloutProgress(seen: Cluster, told: Told): RolloutProgress {
  const namespaces = [...seen.byNamespace].map(([name, state]) => progressOf(name, state, { ...told, seen }));
  const sum = (key: 'workloads' | 'workloadsDone' | 'proxies' | 'proven' | 'rolled') =>
    namespaces.reduce((total, one) => total + one[key], 0);
  return {
    phase: told.input.phase,
    workloads: sum('workloads'),
    workloadsDone: sum('workloadsDone'),
    proxies: sum('proxies'),
    proven: sum('proven'),
    rolled: sum('rolled'),
    inFlight: inFlight(seen.all),
    budget: told.budget,
    shown: shownInProgress(namespaces),
    ...present({ slowed: told.slowed, undone: undoneOf(seen.all) }),
  };
}

function progressOf(
  namespace: string,
  state: readonly InCluster[],
  { seen, cluster, input, stopped }: Told & { seen: Cluster },
): ShownNamespace {
  const heldBecause = (one: { name: string }) => (stopped === undefined ? seen.held.get(one.name) : stopped);
  const of = { namespace, phase: input.phase };
  const progress = summarize(state, of, {
    rolled: cluster.rolledIn(namespace),
    named: SHOWN_AMONG_OTHERS,
    heldBecause,
  });
  return { ...progress, state: stateOf(state) };
}

function stateOf(state: readonly InCluster[]): ShownNamespace['state'] {
  if (state.some(isBusy)) return state.some(({ begun }) => begun) ? 'running' : 'waiting';
  return state.some(({ decision }) => decision.do === 'straggle') ? 'stuck' : 'done';
}
