import type { ProxyObservation } from '../../src/ground/mesh.js';
import { present } from '../../src/ground/present.js';
import { unasked } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { type Asked, askedAt, isAnother, mayAnswer } from './look-again.js';
import { probe } from './proxies.js';
import type { Dependencies } from './dependencies.js';
import type { PhaseContext } from './stored-rotation.js';

/** What a proxy showed when it was last looked at. */
export interface Look {
  at: number;
  observation: ProxyObservation;
  /** It met the phase's requirement. */
  met: boolean;
}

/** The same, with what its pod was then. */
interface Seen extends Look {
  asked: Asked;
}

/**
 * Looks at proxies and remembers what they showed, so that nobody is asked in vain: one that met the requirement is not
 * asked again before the gate asks all, one that did not when `isDue` says so, one that could not be read when it may have begun to
 * answer (`look-again.ts`), and one that is waived never.
 */
export function proxyCache(
  dependencies: Dependencies,
  phase: PhaseContext,
  { isDue, isWaived }: { isDue: (look: Look, now: number) => boolean; isWaived: (pod: MeshedPod) => boolean },
) {
  const seen = new Map<string, Seen>();
  const isAsked = (pod: MeshedPod, now: number): boolean => {
    const look = seen.get(pod.uid);
    if (!look || (look.observation.unstarted && isAnother(look.asked, pod))) return true;
    if (look.met) return false;
    return look.observation.problem === undefined ? isDue(look, now) : mayAnswer(look.asked, pod, now);
  };
  const dueAt = (pods: readonly MeshedPod[], now: number) => pods.filter((pod) => isAsked(pod, now));
  const known = (pods: readonly MeshedPod[]): ProxyObservation[] =>
    pods.map((pod) => shown(pod, seen.get(pod.uid)?.observation ?? { ...unasked(pod), problem: NOT_YET }));
  const look = async (pods: readonly MeshedPod[]): Promise<ProxyObservation[]> => {
    const now = Date.now();
    const alive = new Map(pods.map((pod) => [pod.uid, pod]));
    for (const observation of await probe(dependencies, phase, dueAt(pods, now), isWaived)) {
      const { uid, problem } = observation;
      const [pod, before] = [alive.get(uid), seen.get(uid)];
      if (!pod) continue;
      const asked = askedAt(now, pod, { before: problem === undefined ? undefined : before?.asked });
      const met = phase.requirement(observation, phase.target) === undefined;
      seen.set(uid, { at: now, observation, met, asked });
    }
    for (const uid of seen.keys()) if (!alive.has(uid)) seen.delete(uid);
    return pods.flatMap((pod) => {
      const found = seen.get(pod.uid);
      return found ? [shown(pod, found.observation)] : [];
    });
  };
  return Object.assign(look, {
    /** What is known of pods by now, without a word with them. */
    known,
    /** Those that would be asked now. */
    due: (pods: readonly MeshedPod[]) => dueAt(pods, Date.now()),
  });
}

const NOT_YET = 'it has not been looked at yet';

/** What a proxy has shown, and what the newest list says of its pod. */
function shown({ terminating, ready, deletedAt }: MeshedPod, observation: ProxyObservation): ProxyObservation {
  return { ...observation, terminating, ready, ...present({ deletedAt }) };
}
