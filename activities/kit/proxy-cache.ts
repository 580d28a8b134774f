import type { ProxyObservation } from '../../src/ground/mesh.js';
import { present } from '../../src/ground/present.js';
import { unasked } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
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

/**
 * Looks at proxies and remembers what they showed, so that nobody is asked in vain: one that met the requirement is not
 * asked again before the gate asks all, one that did not when `isDue` says so, and one that is waived never.
 */
export function proxyCache(
  dependencies: Dependencies,
  phase: PhaseContext,
  { isDue, isWaived }: { isDue: (look: Look, now: number) => boolean; isWaived: (pod: MeshedPod) => boolean },
) {
  const seen = new Map<string, Look>();
  const known = (pods: readonly MeshedPod[]): ProxyObservation[] =>
    pods.map((pod) => shown(pod, seen.get(pod.uid)?.observation ?? { ...unasked(pod), problem: NOT_YET }));
  const look = async (pods: readonly MeshedPod[]): Promise<ProxyObservation[]> => {
    const now = Date.now();
    const due = pods.filter(({ uid, address }) => {
      const look = seen.get(uid);
      if (look?.observation.unstarted && address !== undefined) return true;
      return !look || (!look.met && (look.observation.problem !== undefined || isDue(look, now)));
    });
    for (const observation of await probe(dependencies, phase, due, isWaived)) {
      const met = phase.requirement(observation, phase.target) === undefined;
      seen.set(observation.uid, { at: now, observation, met });
    }
    const alive = new Set(pods.map(({ uid }) => uid));
    for (const uid of seen.keys()) if (!alive.has(uid)) seen.delete(uid);
    return pods.flatMap((pod) => {
      const found = seen.get(pod.uid);
      return found ? [shown(pod, found.observation)] : [];
    });
  };
  return Object.assign(look, {
    /** What is known of pods by now, without a word with them. */
    known,
  });
}

const NOT_YET = 'it has not been looked at yet';

/** What a proxy has shown, and what the newest list says of its pod. */
function shown({ terminating, ready, deletedAt }: MeshedPod, observation: ProxyObservation): ProxyObservation {
  return { ...observation, terminating, ready, ...present({ deletedAt }) };
}
