import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import pMap from 'p-map';
import type { Kubernetes } from '../../kubernetes/client.js';
import { clusterNow } from '../../kubernetes/clock.js';
import { type Anchor, bundleAnchors } from '../../pki/bundle.js';
import type { Certificate } from '../../pki/certificate.js';
import { verifyChain } from '../../pki/chain.js';
import type { LeafObservation, ProxyObservation } from '../../ground/mesh.js';
import { plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { type Attempts, countAttempts, shuffled } from './attempts.js';
import { type BundleState, readBundleState, startedWithBundle } from './bundle-change.js';
import type { Linkerd } from '../detect.js';
import { ANCHORS_VARIABLE } from '../names.js';
import { readVariable } from './environment.js';
import type { MeshedPod } from './pods.js';
import { ProbeError } from './probe-error.js';
import { readPresentedChain } from './presented-chain.js';
import { anchorsMemory } from './process-memory.js';
import { openAdminStream, type Reach } from './reach.js';

/** Of one look: less than the ten minutes of an activity, so that it says what it has seen. */
export const LONGEST_LOOK_MS = 480_000;
/** Characters of why a proxy could not be read: a server's answer may be quoted in it. */
const LONGEST_PROBLEM = 300;

/** How proxies are looked at. */
export interface Prober {
  reach: Reach;
  /** Proxies probed at the same time. */
  concurrency: number;
  /** Milliseconds for one proxy to answer. */
  timeoutMs: number;
  /** Milliseconds after which a look tries no more proxies; absent: eight minutes. */
  lookMs?: number;
  /** Ends a look at once, with all its connections: whoever asked no longer waits for it. */
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
  /** Whether its anchors tell all there is to know: it is not asked for its leaf then. */
  isTold?(observation: ProxyObservation): boolean;
  /** Whoever keeps what is seen, and not only what it means: then no process is judged by what it said to an earlier look. */
  witness?: Witness;
}

/** How the anchors of a process are known; `identity`: those of the identity process beside it. */
export type AnchorsFrom = 'specification' | 'process' | 'startTime' | 'identity';

/** Is told of certificates just as they were found. */
export interface Witness {
  anchors(pod: MeshedPod, anchors: readonly Anchor[], from: AnchorsFrom): void;
  /** @param at when it was presented, by the cluster's clock */
  chain(pod: MeshedPod, chain: readonly Certificate[], at: Date): void;
}

/**
 * Looks at every given proxy, many at a time; what could not be read stays absent, with the problem beside it. When not one
 * of the first few hundred can be reached, or of the first few dozen of a namespace, or time is up, the others are not tried.
 * @throws the reason of `prober.signal`
 */
export async function observeProxies(
  k8s: Kubernetes,
  prober: Prober,
  pods: readonly MeshedPod[],
  question: Question,
): Promise<ProxyObservation[]> {
  const bundle = once(async () => await readBundleState(k8s, question.linkerd.namespace));
  const scan: Scan = { k8s, prober, bundle, attempts: countAttempts(prober.lookMs ?? LONGEST_LOOK_MS) };
  const seen = new Map<MeshedPod, ProxyObservation>();
  if (prober.signal) setMaxListeners(0, prober.signal); // each connection listens
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

/** What a list of pods tells of a proxy, without a word with it. */
export function unasked(pod: MeshedPod): ProxyObservation {
  return {
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
      pendingBecause: pod.pendingBecause,
      onlyProxy: pod.onlyProxy,
    }),
  };
}

async function observeProxy(scan: Scan, pod: MeshedPod, question: Question): Promise<ProxyObservation> {
  const observation = unasked(pod);
  try {
    if (pod.identityAnchors !== undefined)
      observation.identityAnchors = fingerprints(pod.identityAnchors, told(question, pod, 'identity'));
    if (pod.address === undefined) return { ...observation, ...anchorsAtStart(pod, question) };
    if (question.anchors) Object.assign(observation, await readAnchorsOf(scan, pod, question));
    if (question.leaf && !question.isTold?.(observation)) observation.leaf = await readLeafOf(scan, pod, question);
  } catch (error) {
    scan.attempts.failed(pod.namespace, error);
    observation.problem = plain((error instanceof Error ? error.message : String(error)).trim(), LONGEST_PROBLEM);
  }
  return observation;
}

/** What the process of a pod that has not been started will have: what is written in it, or the bundle as it is then. */
function anchorsAtStart(
  pod: MeshedPod,
  question: Question,
): Pick<ProxyObservation, 'anchors' | 'unstarted' | 'problem'> {
  if (pod.literalAnchors)
    return { unstarted: true, anchors: fingerprints(pod.literalAnchors, told(question, pod, 'specification')) };
  if (pod.anchorsFromBundle) return { unstarted: true };
  return { problem: 'it has not been started, and its specification does not say which anchors it will have' };
}

/**
 * The process's anchors: the pod's literal is what the container was started with; else the process is asked; and one
 * that answers no such question (before 2.12) is judged by the time of its start.
 */
async function readAnchorsOf(
  scan: Scan,
  pod: MeshedPod,
  question: Question,
): Promise<Pick<ProxyObservation, 'anchors' | 'startedBeforeBundle'>> {
  if (!pod.literalAnchors && pod.anchorsFromBundle && !question.linkerd.rules.environmentServed) {
    if (!pod.startedAt) throw new Error('its proxy does not run');
    const { pem, changedAt } = await scan.bundle();
    if (!startedWithBundle(pod.startedAt, changedAt)) return { startedBeforeBundle: true };
    return { anchors: fingerprints(pem, told(question, pod, 'startTime')) };
  }
  if (pod.literalAnchors) return { anchors: fingerprints(pod.literalAnchors, told(question, pod, 'specification')) };
  const known = question.witness ? undefined : anchorsMemory(scan.k8s).get(pod);
  return { anchors: known ?? (await askForAnchors(scan, pod, question)) };
}

async function askForAnchors(scan: Scan, pod: MeshedPod, question: Question): Promise<string[]> {
  const pem = await readEnvironment(scan, pod);
  if (!pem) throw new Error(`the process has no ${ANCHORS_VARIABLE}`);
  const anchors = fingerprints(pem, told(question, pod, 'process'));
  anchorsMemory(scan.k8s).set(pod, anchors);
  return anchors;
}

type Tell = (anchors: readonly Anchor[]) => void;

function told({ witness }: Question, pod: MeshedPod, from: AnchorsFrom): Tell {
  return (anchors) => witness?.anchors(pod, anchors, from);
}

/** One list for all proxies that have the same text: there are thousands of those. */
function fingerprints(pem: string, tell: Tell): string[] {
  const anchors = bundleAnchors(pem);
  tell(anchors);
  const known = fingerprintsOf.get(anchors) ?? anchors.map(({ fingerprint }) => fingerprint);
  fingerprintsOf.set(anchors, known);
  return known;
}
const fingerprintsOf = new WeakMap<Anchor[], string[]>();

async function readLeafOf(scan: Scan, pod: MeshedPod, { roots, witness }: Question): Promise<LeafObservation> {
  if (!pod.identity) throw new Error('the pod does not say which identity its proxy has');
  const { timeoutMs } = scan.prober;
  const { chain } = await readPresentedChain(await open(scan, pod), { servername: pod.identity, timeoutMs });
  scan.attempts.answered(pod.namespace);
  const [leaf] = chain;
  const now = clusterNow(scan.k8s);
  witness?.chain(pod, chain, now);
  const verifiesAt = (at: Date) => (root: Certificate) => verifies({ chain, root, name: pod.identity, at });
  const lapsed = leaf.notAfter < now && roots.some(verifiesAt(leaf.notAfter));
  return {
    chain: chain.map(({ fingerprint }) => fingerprint),
    verifiesWith: roots.filter(verifiesAt(now)).map(({ fingerprint }) => fingerprint),
    ...(lapsed ? { lapsed } : {}),
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
  };
}

interface Verification {
  chain: readonly Certificate[];
  root: Certificate;
  name: string | undefined;
  at: Date;
}

/** @throws ProbeError when it would take too much to find out */
function verifies({ chain, root, name, at }: Verification): boolean {
  const verdict = verifyChain({
    ...{ chain, anchors: [root], at, as: 'proxy' },
    ...present({ name }),
  });
  if (!verdict.ok && verdict.reason === 'TooComplex') throw new ProbeError('Malformed', verdict.message);
  return verdict.ok;
}

async function open({ k8s, prober, attempts }: Scan, pod: MeshedPod): Promise<Duplex> {
  const hopeless = attempts.hopeless(pod.namespace);
  if (hopeless) throw new Error(hopeless);
  return await openAdminStream(k8s, prober.reach, pod, prober);
}

async function readEnvironment(scan: Scan, pod: MeshedPod): Promise<string | undefined> {
  const pem = await readVariable(await open(scan, pod), ANCHORS_VARIABLE, scan.prober.timeoutMs);
  scan.attempts.answered(pod.namespace);
  return pem;
}
