import type { V1Probe } from '@kubernetes/client-node';
import { type PlayedPod, timesOf } from './pod-facts.js';

/** What a kubelet has found out of one process, which it asks over HTTP as the pod's probes say. */
export interface Health {
  ready: boolean;
  /** Its startup or liveness probe has failed as often as it may: it is to be killed. */
  dead: boolean;
}

/** One process's probes, to be looked at again and again: each is sent when its period is over. */
export interface Probes {
  look(): Promise<Health>;
}

export function probesOf(pod: PlayedPod): Probes {
  const { startupProbe, livenessProbe, readinessProbe } = pod.probes;
  const [startup, liveness, readiness] = [startupProbe, livenessProbe, readinessProbe].map((probe) =>
    probe ? asking(pod, probe) : undefined,
  );
  let isUp = !startup;
  return {
    look: async () => {
      if (startup && !isUp) {
        isUp = (await startup.look()) === 0;
        return { ready: false, dead: startup.isOver() };
      }
      const failures = (await readiness?.look()) ?? 0;
      await liveness?.look();
      return { ready: failures === 0, dead: liveness?.isOver() === true };
    },
  };
}

/** One probe. */
interface Asking {
  /** Sends it, if it is due. @returns how often it has failed in a row; before its first answer that is once */
  look(): Promise<number>;
  isOver(): boolean;
}

function asking(pod: PlayedPod, probe: V1Probe): Asking {
  const { periodMs, failures: most } = timesOf(probe);
  let [failures, asked, answered] = [1, 0, false];
  return {
    look: async () => {
      if (Date.now() - asked < periodMs) return failures;
      asked = Date.now();
      const isGood = await answers(pod, probe);
      failures = isGood ? 0 : answered ? failures + 1 : 1;
      answered = true;
      return failures;
    },
    isOver: () => failures >= most,
  };
}

async function answers({ address, ports }: PlayedPod, probe: V1Probe): Promise<boolean> {
  const { httpGet } = probe;
  if (!httpGet) throw new Error('this kubelet asks over HTTP alone');
  const port = ports.get(String(httpGet.port)) ?? httpGet.port;
  try {
    const signal = AbortSignal.timeout(timesOf(probe).timeoutMs);
    const response = await fetch(`http://${address}:${port}${httpGet.path ?? '/'}`, { signal });
    await response.body?.cancel();
    return response.status < 400;
  } catch {
    return false;
  }
}
