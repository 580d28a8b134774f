import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSigned } from '../../../../src/ground/mesh.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import {
  countAttempts,
  NO_TIME_LEFT,
  NOT_TRIED,
  NOT_TRIED_IN_NAMESPACE,
  shuffled,
} from '../../../../src/linkerd/proxies/attempts.js';
import { observeProxies, type Prober, type Question } from '../../../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../../../src/linkerd/proxies/pods.js';
import { ProbeError } from '../../../../src/linkerd/proxies/probe-error.js';
import { UNFIT } from '../../hostile.js';
import type { Issued } from '../../../../src/pki/issue.js';
import { toPkcs8Pem } from '../../../../src/pki/key.js';
import { authority, eventually, LEAF_NAME, leafUnder } from '../../support.js';
import { hungProxies } from '../../hung-proxies.js';

const CONCURRENCY = 16;
const prober: Prober = { reach: 'address', concurrency: CONCURRENCY, timeoutMs: 1000 };
const question: Question = {
  ...{ anchors: false, leaf: true, roots: [] },
  linkerd: { namespace: 'linkerd', rules: {} as Question['linkerd']['rules'] },
};
const k8s = {} as Kubernetes;

/** At an address where nobody listens. */
const pod = (index: number, address = '127.99.0.1'): MeshedPod => ({
  ...{ namespace: 'shop', name: `web-${index}`, uid: `u${index}`, address, identity: 'web' },
  ...{ ready: true, terminating: false, anchorsFromBundle: false },
  workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
});
const pods = Array.from({ length: 1000 }, (_, index) => ({ ...pod(index), namespace: `n${index % 100}` }));

describe('a look at proxies', () => {
  it('that reaches nobody gives up after some hundred, and says so of the others', async () => {
    const observed = await observeProxies(k8s, prober, pods, question);
    expect(observed.map(({ uid }) => uid)).toEqual(pods.map(({ uid }) => uid));
    const notTried = observed.filter(({ problem }) => problem === NOT_TRIED);
    expect(notTried.length).toBeGreaterThanOrEqual(800 - CONCURRENCY);
    expect(observed.every(({ problem }) => problem !== undefined)).toBe(true);
  });
  it('ends when nobody waits for it any more', async () => {
    const over = new AbortController();
    const look = observeProxies(k8s, { ...prober, signal: over.signal }, pods, question);
    over.abort(new Error('the attempt is over'));
    await expect(look).rejects.toThrow('the attempt is over');
  });
});

describe('a look at proxies that never answer', () => {
  const ADDRESS = '127.99.0.4';
  const hanging = hungProxies(ADDRESS);

  it.each([
    ['chains', { anchors: false, leaf: true }],
    ['environments', { anchors: true, leaf: false }],
  ])('ends within a second of its cancellation, with all its connections: asked for %s', async (_what, asking) => {
    const over = new AbortController();
    const many = Array.from({ length: 300 }, (_, index) => pod(index, ADDRESS));
    const rules = { environmentServed: true } as Question['linkerd']['rules'];
    const patient = { ...prober, concurrency: 64, timeoutMs: 60_000, signal: over.signal };
    const before = hanging.asked();
    const look = observeProxies(k8s, patient, many, {
      ...question,
      ...asking,
      linkerd: { namespace: 'linkerd', rules },
    });
    await eventually(() => hanging.open.size === 64);
    const since = performance.now();
    over.abort(new Error('the worker is told to end'));
    await expect(look).rejects.toThrow('the worker is told to end');
    await eventually(() => hanging.open.size === 0);
    expect(performance.now() - since).toBeLessThan(1000);
    expect(hanging.asked() - before).toBe(64);
  });
});

describe('where somebody answers, if not as a proxy does', () => {
  const server = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(4191, '127.99.0.2', resolve)));
  afterAll(() => server.close());

  it('nobody is left out', async () => {
    const some = Array.from({ length: 400 }, (_, index) => pod(index, '127.99.0.2'));
    const observed = await observeProxies(k8s, prober, some, question);
    expect(observed.filter(({ problem }) => problem?.startsWith('not tried'))).toEqual([]);
  });

  it('a namespace that nobody reaches does not keep the others waiting', async () => {
    const walled = Array.from({ length: 1000 }, (_, index) => pod(index));
    const others = Array.from({ length: 20 }, (_, index) => ({ ...pod(index, '127.99.0.2'), namespace: 'open' }));
    const observed = await observeProxies(k8s, prober, [...walled, ...others], question);
    const notTried = observed.filter(({ problem }) => problem === NOT_TRIED_IN_NAMESPACE);
    expect(notTried.length).toBeGreaterThanOrEqual(1000 - 50 - CONCURRENCY);
    expect(notTried.filter(({ namespace }) => namespace === 'open')).toEqual([]);
  });

  it('those for whom no time is left are named as not tried', async () => {
    const some = Array.from({ length: 40 }, (_, index) => pod(index, '127.99.0.2'));
    const observed = await observeProxies(k8s, { ...prober, lookMs: -1 }, some, question);
    expect(observed.map(({ problem }) => problem)).toEqual(some.map(() => NO_TIME_LEFT));
  });
});

describe('a proxy that answers with what moves a terminal', () => {
  const said = `\u001B[2J\u009B31m\u202E # Done ${'x'.repeat(5000)}`;
  const body = Buffer.from(said);
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), body]));
  });
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(4191, '127.99.0.3', resolve)));
  afterAll(() => server.close());

  it('is unreadable for a reason in one plain line', async () => {
    const rules = { environmentServed: true } as Question['linkerd']['rules'];
    const asked = { ...question, anchors: true, leaf: false, linkerd: { namespace: 'linkerd', rules } };
    const [observed] = await observeProxies(k8s, prober, [pod(1, '127.99.0.3')], asked);
    expect(observed?.problem).toContain('JSON');
    expect(observed?.problem).not.toMatch(UNFIT);
    expect(observed?.problem).not.toContain('\n');
    expect(observed?.problem?.length).toBeLessThanOrEqual(300);
  });
});

describe('a leaf', () => {
  const ADDRESS = '127.99.0.3';
  const [own, stranger] = [authority(), authority()];
  const ended = { notAfter: new Date(Date.now() - 5000) };
  let presented = leafUnder(own.issuer);
  const server = tls.createServer({
    SNICallback: (_, done) => {
      const cert = `${presented.certificate.pem}${own.issuer.certificate.pem}${stranger.issuer.certificate.pem}`;
      done(null, tls.createSecureContext({ key: toPkcs8Pem(presented.privateKey), cert }));
    },
  });
  server.on('tlsClientError', () => undefined);
  beforeAll(async () => await new Promise<void>((resolve) => server.listen(4191, ADDRESS, resolve)));
  afterAll(() => server.close());

  it.each<[string, Issued, object, boolean]>([
    ['is signed', leafUnder(own.issuer), { verifiesWith: [own.root.certificate.fingerprint] }, true],
    ['was signed, and has expired', leafUnder(own.issuer, ended), { verifiesWith: [], lapsed: true }, true],
    ['is another authority’s', leafUnder(stranger.issuer), { verifiesWith: [] }, false],
    ['was another authority’s', leafUnder(stranger.issuer, ended), { verifiesWith: [] }, false],
    ['was another proxy’s', leafUnder(own.issuer, { ...ended, name: 'api.shop' }), { verifiesWith: [] }, false],
  ])('tells whether an issuer of the mesh has signed it: one that %s', async (_what, issued, expected, signed) => {
    presented = issued;
    const roots = [own.root.certificate];
    const mine = { ...pod(1, ADDRESS), identity: LEAF_NAME };
    const [{ leaf, problem } = {}] = await observeProxies(k8s, prober, [mine], { ...question, roots });
    expect(problem).toBeUndefined();
    expect(leaf).toMatchObject(expected);
    expect(leaf && isSigned(leaf)).toBe(signed);
  });
});

describe('attempts', () => {
  const unreachable = new ProbeError('Unreachable', 'no route');
  const inVain = (times: number, error: unknown, namespaceOf = (time: number) => `n${time}`) => {
    const attempts = countAttempts(60_000);
    for (let time = 0; time < times; time += 1) attempts.failed(namespaceOf(time), error);
    return attempts;
  };
  it('are hopeless when the first 200 reach nobody', () => {
    expect(inVain(199, unreachable).hopeless('shop')).toBeUndefined();
    expect(inVain(200, unreachable).hopeless('shop')).toBe(NOT_TRIED);
    expect(inVain(200, new ProbeError('Timeout', 'no handshake')).hopeless('shop')).toBe(NOT_TRIED);
    expect(inVain(200, new ProbeError('NoTls', 'plain')).hopeless('shop')).toBeUndefined();
  });
  it('are not when one is answered', () => {
    const attempts = inVain(150, unreachable);
    attempts.answered('shop');
    for (let time = 0; time < 500; time += 1) attempts.failed(`n${time}`, unreachable);
    expect(attempts.hopeless('shop')).toBeUndefined();
  });
  it('are hopeless in a namespace of which the first 50 are not reached, and in no other', () => {
    const attempts = inVain(50, unreachable, () => 'walled');
    expect(attempts.hopeless('walled')).toBe(NOT_TRIED_IN_NAMESPACE);
    expect(attempts.hopeless('shop')).toBeUndefined();
    attempts.answered('walled');
    expect(attempts.hopeless('walled')).toBeUndefined();
  });
  it('end when their time is up, whoever answers', () => {
    const attempts = countAttempts(-1);
    attempts.answered('shop');
    expect(attempts.hopeless('shop')).toBe(NO_TIME_LEFT);
  });
  it('go in any order, and leave out nobody', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const mixed = shuffled(numbers);
    expect(mixed.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(mixed).not.toEqual(numbers);
  });
});
