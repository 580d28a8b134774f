import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import { leafMemory } from '../../../src/operate/leaf-memory.js';
import { gatherOverview, type Sources } from '../../../src/operate/gather.js';
import { lookAtMesh, staleOf } from '../../../src/operate/mesh-look.js';
import { problemList, reasonOf } from '../../../src/operate/problems.js';
import { generateKey, toSec1Pem } from '../../../src/pki/key.js';
import { detectLinkerd } from '../../../src/linkerd/detect.js';
import { encode } from '../../../src/kubernetes/base64.js';
import { leaseOf } from '../../../src/records/lease.js';
import { findKey } from '../../key-search.js';
import { FakeCluster } from '../activities/cluster.js';
import { authority, DAY_MS } from '../support.js';

const { root, issuer } = authority();
const KEY = toSec1Pem(generateKey());
const certificates = { root: root.certificate, issuer: issuer.certificate };

function clusterWithLinkerd(): FakeCluster {
  const cluster = new FakeCluster();
  cluster.put('ConfigMap/linkerd-identity-trust-roots', { data: { 'ca-bundle.crt': certificates.root.pem } });
  const data = { 'crt.pem': encode(certificates.issuer.pem), 'key.pem': encode(KEY) };
  cluster.put('Secret/linkerd-identity-issuer', { data });
  cluster.put('ConfigMap/linkerd-config', { data: { values: '{}' } });
  cluster.put('ConfigMap/reroot-timeline', {});
  return cluster;
}

const sourcesOf = (cluster: FakeCluster): Sources => ({
  k8s: Object.assign(cluster.k8s, { server: 'https://api' }),
  prober: { reach: 'address', concurrency: 4, timeoutMs: 200 },
  ...{ cluster: 'prod', version: '1.0.0', lookIntervalMs: 1000 },
});

describe('an overview', () => {
  let cluster: FakeCluster;
  beforeEach(() => (cluster = clusterWithLinkerd()));

  it('has what could be read, and no key', async () => {
    cluster.addPod('web', [certificates.root], '127.0.0.1');
    const seen = await gatherOverview(sourcesOf(cluster));
    expect(seen).toMatchObject({
      cluster: 'prod',
      apiServer: 'https://api',
      linkerdNamespace: 'linkerd',
      problems: [],
    });
    expect(seen.mesh?.namespaces).toMatchObject([{ namespace: 'shop', trusts: { old: 1 }, presents: { unknown: 1 } }]);
    expect(seen.certificates).toMatchObject([
      { kind: 'anchor', role: 'inUse', fingerprint: certificates.root.fingerprint },
      { kind: 'issuer', fingerprint: certificates.issuer.fingerprint },
    ]);
    expect(findKey(JSON.stringify([...cluster.objects]), KEY), 'it is there to be found').toBeDefined();
    expect(findKey(JSON.stringify(seen), KEY)).toBeUndefined();
    expect(JSON.stringify(seen)).not.toContain('BEGIN');
    expect(cluster.writes).toEqual([]);
  });
  it('names the rotation that has the Lease where no Temporal server can be asked', async () => {
    const holder = { workflowId: 'w', runId: 'r', temporalNamespace: '', temporalNamespaceId: '', temporalAddress: '' };
    cluster.put('Lease/reroot', leaseOf(holder));
    expect((await gatherOverview(sourcesOf(cluster))).rotation).toEqual({ workflowId: 'w', runId: 'r' });
  });
  it('says in a sentence what could not be read, and has the rest', async () => {
    cluster.objects.delete('Secret/linkerd-identity-issuer');
    cluster.put('ConfigMap/reroot-report', { data: { 'report.json': '{"outcome":"completed"}' } });
    const sources = { ...sourcesOf(cluster), probeResults: 'http://127.0.0.1:1/' };
    const seen = await gatherOverview(sources);
    expect(seen.problems).toHaveLength(2);
    expect(seen.problems.join('\n')).toMatch(/The issuer cannot be read/);
    expect(seen.problems.join('\n')).toMatch(/The results of the probes cannot be read/);
    expect(seen.certificates).toMatchObject([{ kind: 'anchor' }]);
    expect(seen.report, 'whoever may write it may have written anything').toBeUndefined();
    expect(seen.mesh).toBeDefined();
  });
  it('of a cluster without Linkerd is one sentence', async () => {
    const k8s = Object.assign(new FakeCluster().k8s, { server: 'https://api' });
    k8s.apps.readNamespacedDeployment = async () =>
      await Promise.reject(new KubernetesError({ kind: 'NotFound', request: 'read', message: 'not found' }));
    const seen = await gatherOverview({ ...sourcesOf(cluster), k8s });
    expect(seen.problems).toEqual([expect.stringMatching(/^Linkerd cannot be read: /)]);
    expect([seen.linkerdNamespace, seen.mesh, seen.certificates]).toEqual(['', undefined, []]);
  });

  describe('with results of probes', () => {
    let server: Server;
    let answer = '';
    beforeEach(async () => {
      server = createServer((_, response) => response.end(answer));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterEach(() => server.close());
    const seen = async () => {
      const probeResults = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      return (await gatherOverview({ ...sourcesOf(cluster), probeResults })).probes;
    };
    it('shows them, and nothing else that is answered', async () => {
      answer = '{"handshakes":3,"refused":1,"closed":0,"other":"x"}';
      expect(await seen()).toEqual({ handshakes: 3, refused: 1, closed: 0 });
    });
    it.each(['', '<html>', '{"handshakes":"3","refused":1,"closed":0}', '{"handshakes":-1,"refused":1,"closed":0}'])(
      'takes no other answer: %s',
      async (other) => {
        answer = other;
        expect(await seen()).toBeUndefined();
      },
    );
  });
});

describe('a look at the mesh', () => {
  it('has no word with a proxy whose leaf is known', async () => {
    const cluster = clusterWithLinkerd();
    for (const name of ['known', 'unknown']) cluster.addPod(name, [certificates.root], '127.0.0.1'); // where nobody listens
    const startedAt = new Date(Date.now() - DAY_MS);
    for (const pod of cluster.pods)
      Object.assign(pod.status ?? {}, {
        containerStatuses: [{ name: 'linkerd-proxy', state: { running: { startedAt } } }],
      });
    const { k8s } = cluster;
    const old = [certificates.root.fingerprint];
    const roots = { census: { old }, timeline: { old }, certificates: [certificates.root], missing: [] };
    const leaves = leafMemory(k8s);
    leaves.triedWith(old);
    const [notBefore, notAfter] = [new Date(), new Date(Date.now() + DAY_MS)].map((date) => date.toISOString());
    leaves.set(
      { uid: 'known', startedAt },
      { chain: ['x'], verifiesWith: old, notBefore: notBefore ?? '', notAfter: notAfter ?? '' },
    );
    const { prober } = sourcesOf(cluster);
    const linkerd = await detectLinkerd(k8s, 'linkerd');
    const { mesh, sample } = await lookAtMesh({ k8s, prober, linkerd, leaves }, roots, old);
    expect(mesh.namespaces).toMatchObject([{ proxies: 2, trusts: { old: 2 }, presents: { old: 1, unknown: 1 } }]);
    expect(sample).toMatchObject({ at: mesh.at, presents: { old: 1, unknown: 1 } });
  });
  it('counts proxies whose anchors are not those of the bundle; of whom nothing is known, none', () => {
    const proxies = [
      { namespace: 'b', anchors: ['old'] },
      { namespace: 'a', anchors: ['old', 'new'] },
      { namespace: 'a', anchors: ['new', 'old'] },
      { namespace: 'a', anchors: ['old', 'new', 'gone'] },
      { namespace: 'a' },
    ];
    expect(staleOf(proxies, ['old', 'new'])).toEqual([
      { namespace: 'a', proxies: 1 },
      { namespace: 'b', proxies: 1 },
    ]);
  });
});

describe('a problem', () => {
  it('quotes nothing that may be a key, and goes when it is over', async () => {
    const problems = problemList();
    await problems.attempt('This', async () => await Promise.reject(new Error(`cannot parse ${KEY}`)));
    expect(problems.all()).toEqual(['This cannot be read: Error']);
    expect(await problems.attempt('This', async () => await Promise.resolve(7))).toBe(7);
    expect(problems.all()).toEqual([]);
  });
  it('says in plain words what a server has answered', () => {
    const error = new KubernetesError({ kind: 'Forbidden', request: 'read', message: 'no\u001B[2J' });
    expect(reasonOf(error)).toBe('read: no\uFFFD[2J');
    expect(reasonOf('text')).toBe('unknown error');
  });
});
