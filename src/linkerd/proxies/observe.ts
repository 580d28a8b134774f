import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import pMap from 'p-map';
import type { Kubernetes } from '../../kubernetes/client.js';
import { readBundle } from '../../pki/bundle.js';
import { type Certificate, parseCertificate } from '../../pki/certificate.js';
import { verifyChain } from '../../pki/chain.js';
import type { LeafObservation, ProxyObservation } from '../../ground/mesh.js';
import { present } from '../../ground/present.js';
import { type Attempts, countAttempts, NOT_TRIED, shuffled } from './attempts.js';
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
  /** Ends a look: whoever asked no longer waits for it. */
  signal?: AbortSignal;
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

/**
 * Looks at every given proxy, many at a time; what could not be read stays absent, with the problem beside it. When not one
 * of the first few hundred can be reached, the others are not tried.
 * @throws the reason of `prober.signal`
 */
export async function observeProxies(
  k8s: Kubernetes,
  prober: Prober,
  pods: readonly MeshedPod[],
  question: Question,
): Promise<ProxyObservation[]> {
  const bundle = once(async () => await readBundleState(k8s, question.linkerd.namespace));
  const scan: Scan = { k8s, prober, bundle, attempts: countAttempts() };
  const seen = new Map<MeshedPod, ProxyObservation>();
  await pMap(shuffled(pods), async (pod) => void seen.set(pod, await observeProxy(scan, pod, question)), {
    concurrency: prober.concurrency,
    ...present({ signal: prober.signal }),
  });
  return pods.flatMap((pod) => seen.get(pod) ?? []);
}

/** What one scan works with. */
interface Scan {
  k8s: Kubernetes;
  prober: Prober;
  /** Read once for all pods of a scan, and only if there is one that needs it. */
  bundle(): Promise<BundleState>;
  attempts: Attempts;
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return async () => await (result ??= read());
}

async function observeProxy(scan: Scan, pod: MeshedPod, question: Question): Promise<ProxyObservation> {
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
    if (question.leaf) observation.leaf = await readLeafOf(scan, pod, question.roots);
  } catch (error) {
    scan.attempts.failed(error);
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
  scan: Scan,
  pod: MeshedPod,
  { linkerd }: Question,
): Promise<Pick<ProxyObservation, 'anchors' | 'startedBeforeBundle'>> {
  if (!pod.literalAnchors && pod.anchorsFromBundle && !linkerd.rules.environmentServed) {
    if (!pod.startedAt) throw new Error('its proxy does not run');
    const { pem, changedAt } = await scan.bundle();
    return startedWithBundle(pod.startedAt, changedAt) ? { anchors: fingerprints(pem) } : { startedBeforeBundle: true };
  }
  const pem = pod.literalAnchors ?? (await readEnvironment(scan, pod))[ANCHORS_VARIABLE];
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

async function readLeafOf(scan: Scan, pod: MeshedPod, roots: readonly Certificate[]): Promise<LeafObservation> {
  if (!pod.identity) throw new Error('the pod does not say which identity its proxy has');
  const { timeoutMs } = scan.prober;
  const presented = await readPresentedChain(await open(scan, pod), { servername: pod.identity, timeoutMs });
  scan.attempts.answered();
  const chain = presented.chain.map((der) => parseCertificate(der));
  const [leaf] = chain;
  if (!leaf) throw new Error('the proxy presented no certificate');
  const name = pod.identity;
  const verifiesAt = (at: Date) => (root: Certificate) =>
    verifyChain({ chain, anchors: [root], at, anchorExpiry: 'ignore', name }).ok;
  const lapsed = leaf.notAfter < new Date() && roots.some(verifiesAt(leaf.notAfter));
  return {
    chain: chain.map(({ fingerprint }) => fingerprint),
    verifiesWith: roots.filter(verifiesAt(new Date())).map(({ fingerprint }) => fingerprint),
    ...(lapsed ? { lapsed } : {}),
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
  };
}

async function open({ k8s, prober, attempts }: Scan, pod: MeshedPod): Promise<Duplex> {
  if (attempts.isHopeless()) throw new Error(NOT_TRIED);
  return await openAdminStream(k8s, prober.reach, pod, prober.timeoutMs);
}

/** The environment of the proxy process, as its admin port tells it (`/env.json`, Linkerd 2.12 and later). */
async function readEnvironment(scan: Scan, pod: MeshedPod): Promise<Record<string, string>> {
  const stream = await open(scan, pod);
  try {
    const body = await get(`/env.json?${ANCHORS_VARIABLE}`, scan.prober.timeoutMs, () => stream as Socket);
    scan.attempts.answered();
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
