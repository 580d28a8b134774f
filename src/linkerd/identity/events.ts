import type { CoreV1Event } from '@kubernetes/client-node';
import { LONGEST_SAYING, plain } from '../../ground/plain.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { listAll } from '../../kubernetes/list.js';

/** An event of the identity controller about its issuer. */
export interface IssuerEvent {
  reason: 'IssuerUpdated' | 'IssuerUpdateSkipped';
  message: string;
  /** Repeats of one event move this and raise the count instead of making a new event (client-go's correlator). */
  lastSeen: Date;
}

/**
 * Events of identity newer than a moment. A hint, never a proof: they are dropped under load, missed reloads send none
 * (linkerd2#15109), and identity sends none when it starts.
 */
export async function issuerEventsSince(k8s: Kubernetes, namespace: string, since: Date): Promise<IssuerEvent[]> {
  const reasons = ['IssuerUpdated', 'IssuerUpdateSkipped'] as const;
  const lists = await Promise.all(
    reasons.map((reason) =>
      listAll(
        (page) => k8s.core.listNamespacedEvent({ ...page, namespace, fieldSelector: `reason=${reason}` }),
        (event) => read(event, reason),
      ),
    ),
  );
  // Event times have whole seconds.
  const from = Math.floor(since.getTime() / 1000) * 1000;
  return lists.flat().filter(({ lastSeen }) => lastSeen.getTime() >= from);
}

function read(event: CoreV1Event, reason: IssuerEvent['reason']): IssuerEvent | undefined {
  const seen =
    event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  return seen ? { reason, message: plain(event.message ?? '', LONGEST_SAYING), lastSeen: new Date(seen) } : undefined;
}
