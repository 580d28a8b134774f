import { type ProxyObservation, workloadName } from '../ground/mesh.js';
import type { Finding } from './findings.js';
import { podSubject } from './gates.js';

/** Proxies that are remembered by name over a restart of the wait; there may be as many unreadable ones as proxies. */
const REMEMBERED = 100;

/** Since when proxies cannot be read: what a wait that is begun anew is given, so that its clocks go on. */
export interface UnreadableSince {
  /** ISO 8601, by the pod's uid. */
  named: Record<string, string>;
  /** The same of all others that could not be read; absent: there are none. */
  others?: string;
}

export interface UnreadableClock {
  /** One look: findings of those that have been unreadable for longer than the limit. */
  look(proxies: readonly ProxyObservation[], now: Date): Finding[];
  memory(): UnreadableSince;
}

/**
 * Remembers since when each proxy cannot be read, from one look to the next.
 * @param limitMs milliseconds after which somebody is told
 * @param before what the same wait has seen before it was begun anew
 */
export function unreadableClock(limitMs: number, before?: UnreadableSince): UnreadableClock {
  let since = new Map(Object.entries(before?.named ?? {}).map(([uid, at]) => [uid, Date.parse(at)]));
  let others = before?.others === undefined ? undefined : Date.parse(before.others);
  return {
    look: (proxies, now) => {
      const silent = proxies.filter(isUnreadable);
      since = new Map(silent.map(({ uid }) => [uid, since.get(uid) ?? others ?? now.getTime()]));
      others = undefined; // from now on each has an entry of its own
      return silent.flatMap((proxy) => {
        const first = since.get(proxy.uid) ?? now.getTime();
        return now.getTime() - first < limitMs ? [] : [unreadable(proxy, new Date(first))];
      });
    },
    memory: () => remembered(since, others),
  };
}

function remembered(since: ReadonlyMap<string, number>, others: number | undefined): UnreadableSince {
  const entries = [...since].map(([uid, at]) => [uid, new Date(at).toISOString()] as const);
  const rest = [...since.values()].slice(REMEMBERED);
  const latest = others ?? (rest.length > 0 ? Math.max(...rest) : undefined);
  return {
    named: Object.fromEntries(entries.slice(0, REMEMBERED)),
    ...(latest === undefined ? {} : { others: new Date(latest).toISOString() }),
  };
}

/** Those that are going are nobody's business; one that has not been started has shown nothing either. */
function isUnreadable({ problem, leaf, unstarted, terminating }: ProxyObservation): boolean {
  return !terminating && (problem !== undefined || (unstarted === true && !leaf));
}

function unreadable(proxy: ProxyObservation, since: Date): Finding {
  const { problem = 'its pod has not been started', workload } = proxy;
  return {
    reason: 'ProxyUnreadable',
    severity: 'block',
    message: `its proxy has not been readable since ${since.toISOString()}: ${problem} (${workloadName(workload)})`,
    subject: podSubject(proxy),
    hint: 'look at the pod, or `waive` its workload',
  };
}
