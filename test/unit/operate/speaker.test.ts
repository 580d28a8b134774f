import type { CoreV1Event } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../src/kubernetes/errors.js';
import { CLAIM_MS, eventOf, isAbandoned } from '../../../src/operate/events.js';
import { noticesOf } from '../../../src/operate/notices.js';
import { speaker, type SpeakerOptions } from '../../../src/operate/speaker.js';
import { type WebhookBody, WebhookError } from '../../../src/operate/webhook.js';
import type { Overview } from '../../../src/rotation/overview.js';
import { completed, inDays, minutesAgo, NOON, quiet, rotating, wait } from './support.js';

/** An API server that keeps Events, and any number of replicas that look at it. */
class Cluster {
  now = Date.parse(NOON);
  events = new Map<string, CoreV1Event>();
  requests: string[] = [];
  /** What is answered instead, by verb. */
  fails: Partial<Record<'create' | 'get' | 'patch' | 'deployment', KubernetesErrorKind>> = {};
  #version = 0;

  get kubernetes(): Kubernetes {
    const core = {
      createNamespacedEvent: async ({ body }: { body: CoreV1Event }) => {
        this.#asked('create');
        const { name = '' } = body.metadata;
        if (this.events.has(name)) throw refused('AlreadyExists');
        this.events.set(name, this.#kept(body));
        return this.events.get(name);
      },
      readNamespacedEvent: async ({ name }: { name: string }) => {
        this.#asked('get');
        const event = this.events.get(name);
        if (!event) throw refused('NotFound');
        return event;
      },
      patchNamespacedEvent: async ({
        name,
        body,
      }: {
        name: string;
        body: { op: string; path: string; value: string }[];
      }) => {
        this.#asked('patch');
        const event = this.events.get(name);
        if (!event) throw refused('NotFound');
        for (const { op, path, value } of body) {
          if (op === 'test' && event.metadata.resourceVersion !== value)
            throw new KubernetesError({
              kind: 'Invalid',
              request: 'patch',
              message: 'the server rejected our request due to an error in our request',
            });
          const annotation = path.replace('/metadata/annotations/', '').replace('~1', '/');
          if (op === 'add')
            this.events.set(
              name,
              this.#kept({
                ...event,
                metadata: { ...event.metadata, annotations: { ...event.metadata.annotations, [annotation]: value } },
              }),
            );
        }
      },
    };
    const apps = {
      readNamespacedDeployment: async () => {
        this.#asked('deployment');
        return { metadata: { uid: 'uid-of-identity' } };
      },
    };
    return { core, apps, clock: { noted: () => undefined, now: () => new Date(this.now) } } as unknown as Kubernetes;
  }

  #asked(verb: 'create' | 'get' | 'patch' | 'deployment'): void {
    this.requests.push(verb);
    const kind = this.fails[verb];
    if (kind) throw refused(kind);
  }

  #kept(event: CoreV1Event): CoreV1Event {
    return { ...event, metadata: { ...event.metadata, resourceVersion: String((this.#version += 1)) } };
  }

  get only(): CoreV1Event {
    const [event, ...others] = this.events.values();
    if (!event || others.length > 0) throw new Error(`${this.events.size} Events`);
    return event;
  }

  /** A worker of this cluster. */
  replica(options: Partial<SpeakerOptions> = {}) {
    const sent: WebhookBody[] = [];
    const counted: string[] = [];
    const said: string[] = [];
    const log = { info: () => undefined, warn: (_: object, message: string) => said.push(message) };
    const { tell } = speaker({
      k8s: this.kubernetes,
      log: log as unknown as SpeakerOptions['log'],
      webhook: { send: async (body) => void sent.push(body) },
      onNotice: (channel, outcome) => counted.push(`${channel} ${outcome}`),
      elapsed: () => this.now,
      ...options,
    });
    return { tell, sent, counted, said };
  }
}

function refused(kind: KubernetesErrorKind): KubernetesError {
  return new KubernetesError({ kind, request: 'a request', message: 'no' });
}

const stuck = rotating({ waiting: wait() });
const dead = { send: async () => await new Promise<void>(() => undefined) };
const broken = {
  send: async () => await Promise.reject(new WebhookError('the webhook at host has not taken a message: HTTP 500')),
};

describe('a notice', () => {
  it('is one Event on identity and one message, however often it is looked at', async () => {
    const cluster = new Cluster();
    const { tell, sent, counted } = cluster.replica();
    await tell(stuck);
    const { length } = cluster.requests;
    for (let look = 0; look < 5; look += 1) await tell(stuck);
    expect(cluster.requests).toHaveLength(length);
    expect(cluster.only).toMatchObject({
      reason: 'RotationStuck',
      type: 'Warning',
      involvedObject: { kind: 'Deployment', name: 'linkerd-identity', namespace: 'linkerd', uid: 'uid-of-identity' },
      metadata: { namespace: 'linkerd', annotations: { 'reroot.dev/sent': NOON } },
    });
    expect(sent.map(({ reroot }) => reroot.reason)).toEqual(['RotationStuck']);
    expect(sent[0]?.reroot.message).toBe(cluster.only.message);
    expect(counted).toEqual(['event sent', 'webhook sent']);
  });

  it('is told by one of two replicas that see it at the same moment', async () => {
    const cluster = new Cluster();
    const [first, second] = [cluster.replica(), cluster.replica()];
    await Promise.all([first.tell(stuck), second.tell(stuck)]);
    cluster.now += CLAIM_MS + 2000;
    await Promise.all([first.tell(stuck), second.tell(stuck)]);
    const { length } = cluster.requests;
    cluster.now += CLAIM_MS + 2000;
    await Promise.all([first.tell(stuck), second.tell(stuck)]);
    expect(cluster.events.size).toBe(1);
    expect([...first.sent, ...second.sent]).toHaveLength(1);
    expect(cluster.requests, 'nobody asks any more').toHaveLength(length);
  });

  it('is sent by exactly one of the others when whoever created it has died', async () => {
    const cluster = new Cluster();
    void cluster.replica({ webhook: dead }).tell(stuck);
    const others = [cluster.replica(), cluster.replica(), cluster.replica()];
    const look = async () => void (await Promise.all(others.map(async ({ tell }) => await tell(stuck))));
    await expect.poll(() => cluster.events.size).toBe(1);
    await look();
    expect(others.flatMap(({ sent }) => sent)).toEqual([]);
    cluster.now += CLAIM_MS + 2000;
    await look();
    cluster.now += 3 * CLAIM_MS;
    await look();
    expect(others.flatMap(({ sent }) => sent)).toHaveLength(1);
    expect(cluster.only.metadata.annotations).toHaveProperty('reroot.dev/sent');
  });

  it('is not told again by a worker that has just started, as long as the Event is there', async () => {
    const cluster = new Cluster();
    const overview = { ...quiet, report: completed };
    await cluster.replica().tell(overview);
    const after = cluster.replica();
    await after.tell({ ...overview, at: minutesAgo(-40) });
    expect(after.sent).toEqual([]);
  });

  it('that stands is not told again when the API server has forgotten its Event', async () => {
    const cluster = new Cluster();
    const { tell, sent } = cluster.replica();
    for (let hour = 0; hour < 30; hour += 0.5) {
      cluster.now += 1_800_000;
      cluster.events.clear();
      await tell(stuck);
    }
    expect(sent).toHaveLength(1);
  });

  it('that comes back after an hour is told again', async () => {
    const cluster = new Cluster();
    const { tell, sent } = cluster.replica();
    await tell(stuck);
    cluster.now += 3_700_000;
    cluster.events.clear();
    await tell(rotating());
    await tell(stuck);
    expect(sent).toHaveLength(2);
  });

  it('of a kind that changes often waits for five minutes, and is told then', async () => {
    const cluster = new Cluster();
    const { tell, sent } = cluster.replica();
    await tell(stuck);
    const next = rotating({ waiting: wait({ since: minutesAgo(1) }) });
    await tell(next);
    expect(sent).toHaveLength(1);
    cluster.now += 301_000;
    await tell(next);
    expect(sent).toHaveLength(2);
  });

  it('of drift is told when it has stood for ten minutes', async () => {
    const cluster = new Cluster();
    const { tell, sent } = cluster.replica();
    const drift: Overview = {
      ...quiet,
      mesh: { at: NOON, seconds: 1, namespaces: [], stale: [{ namespace: 'shop', proxies: 1 }] },
    };
    await tell(drift);
    cluster.now += 590_000;
    await tell(drift);
    expect(sent).toEqual([]);
    cluster.now += 11_000;
    await tell(drift);
    expect(sent.map(({ reroot }) => reroot.reason)).toEqual(['DriftDetected']);
  });
});

describe('a webhook that does not take it', () => {
  it('is tried again as long as the notice stands, less and less often', async () => {
    const cluster = new Cluster();
    let tries = 0;
    const { tell, counted } = cluster.replica({
      webhook: { send: async () => await ((tries += 1) < 4 ? broken.send() : Promise.resolve()) },
    });
    for (let second = 0; second < 3600; second += 15) {
      await tell(stuck);
      cluster.now += 15_000;
    }
    expect(tries).toBe(4);
    expect(counted).toEqual(['event sent', 'webhook failed', 'webhook failed', 'webhook failed', 'webhook sent']);
  });

  it('is said, without its address', async () => {
    const lines: unknown[] = [];
    const log = { info: () => undefined, warn: (...line: unknown[]) => lines.push(line) };
    const webhook = { send: async () => await Promise.reject(new TypeError('https://host/TOKEN')) };
    await new Cluster().replica({ webhook, log: log as never }).tell(stuck);
    expect(JSON.stringify(lines)).toContain('not known');
    expect(JSON.stringify(lines)).not.toContain('TOKEN');
  });
});

describe('without a webhook', () => {
  it('there are Events alone, and nothing is asked about those of others', async () => {
    const cluster = new Cluster();
    await cluster.replica({ webhook: undefined }).tell(stuck);
    const second = cluster.replica({ webhook: undefined });
    for (let look = 0; look < 3; look += 1) await second.tell(stuck);
    expect(cluster.only.metadata.annotations).toEqual({ 'reroot.dev/since': minutesAgo(30) });
    expect(cluster.requests.filter((verb) => verb === 'create')).toHaveLength(2);
  });

  it('the next worker that has one sends what stands', async () => {
    const cluster = new Cluster();
    await cluster.replica({ webhook: undefined }).tell(stuck);
    const { tell, sent } = cluster.replica();
    await tell(stuck);
    expect(sent).toHaveLength(1);
  });
});

describe('an API server that takes no Event', () => {
  it('because they are forbidden, is named once, and each message is sent once by each process', async () => {
    const cluster = new Cluster();
    cluster.fails = { create: 'Forbidden' };
    const { tell, sent, said, counted } = cluster.replica();
    const both = rotating({ waiting: wait(), alsoWaiting: [wait({ kind: 'handOff' })] });
    for (let look = 0; look < 3; look += 1) await tell(both);
    expect(sent.map(({ reroot }) => reroot.reason)).toEqual(['HandOffRequired', 'RotationStuck']);
    expect(said).toEqual([expect.stringContaining('deploy/rbac/events.yaml')]);
    expect(counted.filter((what) => what === 'event failed')).toHaveLength(2);
  });

  it('because it is away, is asked twice more before the message is sent without', async () => {
    const cluster = new Cluster();
    cluster.fails = { create: 'Unavailable' };
    const { tell, sent } = cluster.replica();
    await tell(stuck);
    await tell(stuck);
    expect(sent).toEqual([]);
    await tell(stuck);
    expect(sent).toHaveLength(1);
  });

  it('and comes back, has the Event and the message once', async () => {
    const cluster = new Cluster();
    cluster.fails = { create: 'Timeout' };
    const { tell, sent } = cluster.replica();
    await tell(stuck);
    cluster.fails = {};
    await tell(stuck);
    await tell(stuck);
    expect(cluster.events.size).toBe(1);
    expect(sent).toHaveLength(1);
  });

  it('may let Events be created and neither read nor patched: each is sent by whoever created it', async () => {
    const cluster = new Cluster();
    cluster.fails = { get: 'Forbidden', patch: 'Forbidden' };
    const [first, second] = [cluster.replica(), cluster.replica()];
    await first.tell(stuck);
    await second.tell(stuck);
    cluster.now += 2 * CLAIM_MS;
    await first.tell(stuck);
    await second.tell(stuck);
    expect([first.sent.length, second.sent.length]).toEqual([1, 0]);
  });
});

describe('eventOf', () => {
  const [notice] = noticesOf(stuck);
  if (!notice) throw new Error('nothing is told');
  const event = eventOf(notice, { namespace: 'linkerd', at: NOON, sending: true });

  it('has a name of its key alone, and says whether somebody sends it', () => {
    expect(event.metadata.name).toMatch(/^reroot\.[0-9a-f]{20}$/);
    expect(
      eventOf({ ...notice, message: 'other' }, { namespace: 'l', at: inDays(1), sending: false }).metadata,
    ).toMatchObject({
      name: event.metadata.name,
      annotations: { 'reroot.dev/since': minutesAgo(30) },
    });
    expect(event.metadata.annotations).toHaveProperty(['reroot.dev/sending'], NOON);
  });
});

describe('isAbandoned', () => {
  const told = { name: 'reroot.1', created: false, sent: false };
  it.each([
    ['sent', { ...told, sent: true }, false],
    ['begun by nobody', told, true],
    ['begun just now', { ...told, sending: NOON }, false],
    ['begun two minutes ago', { ...told, sending: minutesAgo(2) }, false],
    ['begun before that', { ...told, sending: minutesAgo(2.1) }, true],
  ])('%s', (_what, given, is) => expect(isAbandoned(given, new Date(NOON))).toBe(is));
});

it('never throws', async () => {
  const cluster = new Cluster();
  cluster.fails = { create: 'Other', get: 'Other', patch: 'Other', deployment: 'Other' };
  await cluster.replica({ webhook: broken }).tell(stuck);
  expect(cluster.events.size).toBe(0);
});
