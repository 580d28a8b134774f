import { INJECTOR_DEPLOYMENT } from '../src/linkerd/names.js';
import { rehearseInjection } from '../src/linkerd/proxies/injection.js';
import { listMeshedPods } from '../src/linkerd/proxies/pods.js';
import type { Finding } from '../src/rotation/findings.js';
import { injectedWrongly, injectionBroken, rehearsalNamespaces } from '../src/rotation/injection.js';
import type { PhaseInput } from '../src/rotation/payloads.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import type { Dependencies } from './kit/dependencies.js';
import { readPhase, type PhaseContext } from './kit/stored-rotation.js';

/** Dry runs that must agree, for each replica of the injector: requests are spread over them by chance. */
const DRY_RUNS_PER_REPLICA = 3;

/**
 * Waits until pods created now would come out with the phase's bundle, from every replica of the injector.
 * @returns findings when that does not happen in time; empty otherwise
 */
export async function awaitInjection(dependencies: Dependencies, input: PhaseInput): Promise<Finding[]> {
  const { rollout, timing } = input.settings;
  const phase = await readPhase(dependencies, input);
  const pods = await listMeshedPods(dependencies.k8s, phase.linkerd.namespace);
  const namespaces = rehearsalNamespaces(pods, phase.linkerd.namespace);
  const until = Date.now() + rollout.stuckAfter;
  for (;;) {
    const failed = await firstWrongRehearsal(dependencies, phase, namespaces);
    if (!failed) return [];
    const { namespace, problem } = failed;
    reportProgress({ phase: input.phase, waitingFor: [`injection rehearsal in ${namespace}: ${problem}`] });
    if (Date.now() > until) return [injectionBroken(namespace, problem)];
    await pause(timing.poll);
  }
}

async function firstWrongRehearsal(
  { k8s }: Dependencies,
  { linkerd, target, row }: PhaseContext,
  namespaces: readonly string[],
): Promise<{ namespace: string; problem: string } | undefined> {
  const injector = await k8s.apps.readNamespacedDeployment({
    name: INJECTOR_DEPLOYMENT,
    namespace: linkerd.namespace,
  });
  const tries = DRY_RUNS_PER_REPLICA * Math.max(1, injector.spec?.replicas ?? 1);
  for (let count = 0; count < tries; count += 1) {
    const rehearsal = await rehearseInjection(k8s, namespaces);
    const { namespace } = rehearsal;
    const problem = 'anchors' in rehearsal ? injectedWrongly(rehearsal.anchors, target, row) : rehearsal.problem;
    if (problem !== undefined) return { namespace, problem };
  }
  return undefined;
}
