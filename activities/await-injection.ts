import { plain } from '../src/ground/plain.js';
import { listMeshedPods } from '../src/linkerd/proxies/list-pods.js';
import { capped } from '../src/rotation/capped.js';
import type { Finding } from '../src/rotation/findings.js';
import { injectionBroken, rehearsalNamespaces, rehearsalRefused } from '../src/rotation/injection.js';
import type { PhaseInput } from '../src/rotation/payloads.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import type { Dependencies } from './kit/dependencies.js';
import { withIdentity } from '../src/linkerd/proxies/judged-pods.js';
import { firstWrongRehearsal, type WrongRehearsal } from './kit/rehearsal.js';
import { type PhaseContext, readPhase } from './kit/stored-rotation.js';

/** Looks in a row that find no namespace which takes a dry run, before that is believed: a webhook may be away for a moment. */
const REFUSED_LOOKS = 3;

/**
 * Waits until pods created now would come out with the phase's bundle, from every replica of the injector.
 * @returns findings when that does not happen in time, or nobody can know (`RehearsalRefused`, which blocks nothing); empty
 * otherwise
 */
export async function awaitInjection(dependencies: Dependencies, input: PhaseInput): Promise<Finding[]> {
  return await injectedRightly(dependencies, await readPhase(dependencies, input), input);
}

/** The same, of a phase that has been read. */
export async function injectedRightly(
  dependencies: Dependencies,
  phase: PhaseContext,
  input: PhaseInput,
): Promise<Finding[]> {
  const { rollout, timing } = input.settings;
  const until = Date.now() + rollout.stuckAfter;
  for (let refusals = 0; ;) {
    // in each round anew: namespaces come and go
    const pods = withIdentity(await listMeshedPods(dependencies.k8s, phase.linkerd.namespace));
    const namespaces = rehearsalNamespaces(pods, phase.linkerd.namespace);
    const failed = await firstWrongRehearsal(dependencies, phase, namespaces);
    if (!failed) return [];
    refusals = 'refused' in failed ? refusals + 1 : 0;
    if (refusals >= REFUSED_LOOKS) return capped([findingOf(failed)], 1).shown;
    const why = 'refused' in failed ? failed.refused : failed.problem;
    reportProgress({ phase: input.phase, waitingFor: [plain(`injection rehearsal in ${failed.namespace}: ${why}`)] });
    if (Date.now() > until) return capped([findingOf(failed)], 1).shown;
    await pause(timing.poll);
  }
}

function findingOf(failed: WrongRehearsal): Finding {
  const { namespace } = failed;
  return 'refused' in failed ? rehearsalRefused(namespace, failed.refused) : injectionBroken(namespace, failed.problem);
}
