import { type ProxyObservation, workloadName } from '../ground/mesh.js';
import type { Finding } from './findings.js';
import { podName } from './gates.js';

/**
 * Remembers since when each proxy cannot be read, from one look to the next.
 * @param limitMs milliseconds after which somebody is told
 * @returns findings of those that have been unreadable for longer
 */
export function unreadableFor(limitMs: number): (proxies: readonly ProxyObservation[], now: Date) => Finding[] {
  const since = new Map<string, number>();
  return (proxies, now) =>
    proxies.flatMap((proxy) => {
      const { uid, problem, terminating } = proxy;
      if (problem === undefined || terminating) {
        since.delete(uid);
        return [];
      }
      const first = since.get(uid) ?? now.getTime();
      since.set(uid, first);
      return now.getTime() - first < limitMs ? [] : [unreadable(proxy, problem, new Date(first))];
    });
}

function unreadable(proxy: ProxyObservation, problem: string, since: Date): Finding {
  return {
    reason: 'ProxyUnreadable',
    severity: 'block',
    message: `its proxy has not been readable since ${since.toISOString()}: ${problem} (${workloadName(proxy.workload)})`,
    subject: { kind: 'pod', name: podName(proxy) },
    hint: 'look at the pod, or `waive` its workload',
  };
}
