import http from 'node:http';
import type { Socket } from 'node:net';
import pMap from 'p-map';
import type { Kubernetes } from '../../kubernetes/client.js';
import { readBundle } from '../../pki/bundle.js';
import { type Certificate, parseCertificate } from '../../pki/certificate.js';
import { verifyChain } from '../../pki/chain.js';
import type { LeafObservation, ProxyObservation } from '../../ground/mesh.js';
import { present } from '../../ground/present.js';
import { type BundleState, readBundleState, startedWithBundle } from './bundle-change.js';
import type { Linkerd } from '../detect.js';
import { ANCHORS_VARIABLE } from '../names.js';
import type { MeshedPod } from './pods.js';
import { readPresentedChain } from './presented-chain.js';
import { openAdminStream, type Reach } from './reach.js';

const MOST_BUNDLES = 1000;
const parsedBundles = new Map<string, string[]>();

/** How proxies are looked at. */
export interface Prober {
  reach: Reach;
  /** Proxies probed at the same time. */
  concurrency: number;
  /** Milliseconds for one proxy to answer. */
  timeoutMs: number;
}

export interface Question {
  /** Read the anchors of the running process. */
  anchors: boolean;
  /** Shake hands and read the chain that is presented. */
  leaf: boolean;
  /** The anchors to try the presented chain with, each alone. */
  roots: readonly Certificate[];
  /** Whose proxies they are. */
  linkerd: Pick<Linkerd, 'namespace' | 'rules'>;
}

/** Looks at every given proxy, many at a time; what could not be read stays absent, with the problem beside it. */
export async function observeProxies(
  k8s: Kubernetes,
  prober: Prober,
  pods: readonly MeshedPod[],
  question: Question,
): Promise<ProxyObservation[]> {
  const bundle = once(async () => await readBundleState(k8s, question.linkerd.namespace));
  return await pMap(pods, async (pod) => await observeProxy({ k8s, prober, bundle }, pod, question), {
    concurrency: prober.concurrency,
  });
}

/** What one scan works with. */
interface Scan {
  k8s: Kubernetes;
  prober: Prober;
  /** Read once for all pods of a scan, and only if there is one that needs it. */
  bundle(): Promise<BundleState>;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return async () => await (result ??= read());
}

async function observeProxy(scan: Scan, pod: MeshedPod, question: Question): Promise<ProxyObservation> {
  const { k8s, prober } = scan;
  const observation: ProxyObservation = {
    namespace: pod.namespace,
    pod: pod.name,
    uid: pod.uid,
    workload: pod.workload,
    ready: pod.ready,
    terminating: pod.terminating,
    ...present({
      component: pod.component,
      mark: pod.mark,
      deletedAt: pod.deletedAt,
      createdAt: pod.createdAt,
      identityAnchors: pod.identityAnchors === undefined ? undefined : fingerprints(pod.identityAnchors),
    }),
  };
  if (pod.address === undefined) return { ...observation, ...anchorsAtStart(pod) };
  try {
    if (question.anchors) Object.assign(observation, await readAnchorsOf(scan, pod, question));
    if (question.leaf) observation.leaf = await readLeafOf(k8s, prober, pod, question.roots);
  } catch (error) {
    observation.problem = error instanceof Error ? error.message : String(error);
  }
  return observation;
}

/** What the process of a pod that has not been started will have: what is written in it, or the bundle as it is then. */
function anchorsAtStart({
  literalAnchors,
  anchorsFromBundle,
}: MeshedPod): Pick<ProxyObservation, 'anchors' | 'unstarted' | 'problem'> {
  if (literalAnchors) return { unstarted: true, anchors: fingerprints(literalAnchors) };
  if (anchorsFromBundle) return { unstarted: true };
  return { problem: 'it has not been started, and its specification does not say which anchors it will have' };
}

/**
 * The process's anchors: the pod's literal is what the container was started with; else the process is asked; and one
 * that answers no such question (before 2.12) is judged by the time of its start.
 */
async function readAnchorsOf(
  { k8s, prober, bundle }: Scan,
  pod: MeshedPod,
  { linkerd }: Question,
): Promise<Pick<ProxyObservation, 'anchors' | 'startedBeforeBundle'>> {
  if (!pod.literalAnchors && pod.anchorsFromBundle && !linkerd.rules.environmentServed) {
    if (!pod.startedAt) throw new Error('its proxy does not run');
    const { pem, changedAt } = await bundle();
    return startedWithBundle(pod.startedAt, changedAt) ? { anchors: fingerprints(pem) } : { startedBeforeBundle: true };
  }
  const pem = pod.literalAnchors ?? (await readEnvironment(k8s, prober, pod))[ANCHORS_VARIABLE];
  if (!pem) throw new Error(`the process has no ${ANCHORS_VARIABLE}`);
  return { anchors: fingerprints(pem) };
}

/** Thousands of pods carry the same few bundles. */
function fingerprints(pem: string): string[] {
  const known = parsedBundles.get(pem);
  if (known) return known;
  const parsed = readBundle(pem).certificates.map(({ fingerprint }) => fingerprint);
  if (parsedBundles.size >= MOST_BUNDLES) parsedBundles.clear();
  parsedBundles.set(pem, parsed);
  return parsed;
}

async function readLeafOf(
  k8s: Kubernetes,
  prober: Prober,
  pod: MeshedPod,
  roots: readonly Certificate[],
): Promise<LeafObservation> {
  if (!pod.identity) throw new Error('the pod does not say which identity its proxy has');
  const stream = await openAdminStream(k8s, prober.reach, pod, prober.timeoutMs);
  const presented = await readPresentedChain(stream, { servername: pod.identity, timeoutMs: prober.timeoutMs });
  const chain = presented.chain.map((der) => parseCertificate(der));
  const [leaf] = chain;
  if (!leaf) throw new Error('the proxy presented no certificate');
  const name = pod.identity;
  const verifies = (root: Certificate) =>
    verifyChain({ chain, anchors: [root], at: new Date(), anchorExpiry: 'ignore', name }).ok;
  return {
    chain: chain.map(({ fingerprint }) => fingerprint),
    verifiesWith: roots.filter(verifies).map(({ fingerprint }) => fingerprint),
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
  };
}

/** The environment of the proxy process, as its admin port tells it (`/env.json`, Linkerd 2.12 and later). */
async function readEnvironment(k8s: Kubernetes, prober: Prober, pod: MeshedPod): Promise<Record<string, string>> {
  const stream = await openAdminStream(k8s, prober.reach, pod, prober.timeoutMs);
  try {
    const body = await get(`/env.json?${ANCHORS_VARIABLE}`, prober.timeoutMs, () => stream as Socket);
    return JSON.parse(body) as Record<string, string>;
  } finally {
    stream.destroy();
  }
}

function get(path: string, timeoutMs: number, createConnection: () => Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ path, host: 'proxy', createConnection, signal: AbortSignal.timeout(timeoutMs) });
    request.once('error', reject);
    request.once('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`GET ${path} answered ${response.statusCode}`));
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.once('error', reject);
      response.once('end', () => resolve(body));
    });
  });
}
