import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { CoreV1Event } from '@kubernetes/client-node';
import { LONGEST_SAYING, plain } from '../ground/plain.js';
import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { clusterNow } from '../kubernetes/clock.js';
import { ifAllowed, isKubernetesError } from '../kubernetes/errors.js';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from '../kubernetes/own-names.js';
import { isLostRace, pointer, unchanged } from '../kubernetes/patch.js';
import { IDENTITY_DEPLOYMENT } from '../linkerd/names.js';
import type { Notice } from './notices.js';

/**
 * Notices as Events of Kubernetes, one of each, by a name that every replica makes of its key: who creates it has it to
 * tell, and what became of that is written on it.
 */

/** ISO 8601: the webhook has taken it. */
export const SENT_ANNOTATION = 'reroot.dev/sent';
/** ISO 8601: since when somebody is sending it to the webhook. */
export const SENDING_ANNOTATION = 'reroot.dev/sending';
/** How long whoever sends it has, before another does. */
export const CLAIM_MS = 120_000;

/** An Event that is there. */
export interface Told {
  name: string;
  /** This call has created it. */
  created: boolean;
  sent: boolean;
  /** ISO 8601; absent: nobody has begun to send it. */
  sending?: string;
  resourceVersion?: string;
}

export interface EventBook {
  /**
   * Creates the Event of a notice, or finds it.
   * @param sending it is going to be sent by whoever creates it
   * @throws KubernetesError
   */
  tell(notice: Notice, sending: boolean): Promise<Told>;
  /** Takes the sending over. @returns false when somebody else was quicker */
  claim(told: Told): Promise<boolean>;
  /** Says that it was sent. */
  markSent(told: Told): Promise<void>;
}

/** @param namespace the control plane's */
export function eventBook(k8s: Kubernetes, namespace: string): EventBook {
  const now = (): string => clusterNow(k8s).toISOString();
  const annotate = async (
    { name, resourceVersion }: Pick<Told, 'name' | 'resourceVersion'>,
    annotation: string,
  ): Promise<void> => {
    await k8s.core.patchNamespacedEvent({
      ...{ name, namespace, fieldManager: FIELD_MANAGER },
      body: [
        ...(resourceVersion === undefined ? [] : [unchanged({ resourceVersion })]),
        { op: 'add', path: pointer('metadata', 'annotations', annotation), value: now() },
      ],
    });
  };
  return {
    tell: async (notice, sending) => {
      const { metadata } =
        (await ifAllowed(k8s.apps.readNamespacedDeployment({ name: IDENTITY_DEPLOYMENT, namespace }))) ?? {};
      const body = eventOf(notice, { namespace, at: now(), sending, ...present({ uid: metadata?.uid }) });
      try {
        return toldBy(await k8s.core.createNamespacedEvent({ namespace, body, fieldManager: FIELD_MANAGER }), true);
      } catch (error) {
        if (!isKubernetesError(error, 'AlreadyExists')) throw error;
        // who may create Events and not read them cannot know more: whoever has created it tells
        const there = await ifAllowed(k8s.core.readNamespacedEvent({ name: nameOf(notice), namespace }));
        return there ? toldBy(there, false) : { name: nameOf(notice), created: false, sent: true };
      }
    },
    claim: async (told) => {
      try {
        await annotate(told, SENDING_ANNOTATION);
        return true;
      } catch (error) {
        if (isLostRace(error) || isKubernetesError(error, 'NotFound', 'Forbidden')) return false;
        throw error;
      }
    },
    markSent: async ({ name }) => await annotate({ name }, SENT_ANNOTATION),
  };
}

/** Whether nobody sends it any more, though it was not sent. */
export function isAbandoned({ sent, sending }: Told, now: Date): boolean {
  return !sent && (sending === undefined || now.getTime() - Date.parse(sending) > CLAIM_MS);
}

function nameOf({ key }: Pick<Notice, 'key'>): string {
  return `reroot.${createHash('sha256').update(key).digest('hex').slice(0, 20)}`;
}

/** On the Deployment of identity: `kubectl describe` and `kubectl events --for` show it there. */
export function eventOf(
  notice: Notice,
  { namespace, at, sending, uid }: { namespace: string; at: string; sending: boolean; uid?: string },
): CoreV1Event {
  const time = new Date(at);
  return {
    metadata: {
      name: nameOf(notice),
      namespace,
      labels: { [MANAGED_BY_LABEL]: 'reroot' },
      annotations: { 'reroot.dev/since': notice.since, ...(sending ? { [SENDING_ANNOTATION]: at } : {}) },
    },
    involvedObject: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: IDENTITY_DEPLOYMENT,
      namespace,
      ...present({ uid }),
    },
    reason: notice.reason,
    message: plain(notice.message, LONGEST_SAYING),
    type: notice.type,
    source: { component: 'reroot' },
    reportingComponent: 'reroot',
    reportingInstance: plain(hostname(), 128),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
  };
}

function toldBy({ metadata }: CoreV1Event, created: boolean): Told {
  const { name = '', resourceVersion, annotations = {} } = metadata;
  const { [SENT_ANNOTATION]: sent, [SENDING_ANNOTATION]: sending } = annotations;
  return { name, created, sent: sent !== undefined, ...present({ sending, resourceVersion }) };
}
