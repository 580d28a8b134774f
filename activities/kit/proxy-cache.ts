import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { ProxyObservation } from '../../src/ground/mesh.js';
import type { PhaseInput } from '../../src/rotation/payloads.js';
import type { Bearings, Dependencies } from './dependencies.js';
import { probe, requirementOf } from '../gate.js';

export interface Look {
  at: number;
  observation: ProxyObservation;
  /** It met the phase's requirement. */
  met: boolean;
}

/**
 * Remembers what proxies showed, so that nobody is asked in vain: one that met the requirement is not asked again before
 * the gate asks all, one that did not when `isDue` says so.
 */
export function rememberingLooks(
  dependencies: Dependencies,
  bearings: Bearings,
  input: PhaseInput,
  isDue: (look: Look, now: number) => boolean,
) {
  const seen = new Map<string, Look>();
  const requirement = requirementOf(input);
  return async (pods: readonly MeshedPod[]): Promise<ProxyObservation[]> => {
    const now = Date.now();
    const due = pods.filter(({ uid }) => {
      const look = seen.get(uid);
      return !look || (!look.met && (look.observation.problem !== undefined || isDue(look, now)));
    });
    for (const observation of await probe(dependencies, bearings, input, due)) {
      const met = requirement(observation, bearings.target) === undefined;
      seen.set(observation.uid, { at: now, observation, met });
    }
    const alive = new Set(pods.map(({ uid }) => uid));
    for (const uid of seen.keys()) if (!alive.has(uid)) seen.delete(uid);
    return pods.flatMap((pod) => {
      const look = seen.get(pod.uid);
      return look ? [{ ...look.observation, terminating: pod.terminating, ready: pod.ready }] : [];
    });
  };
}
