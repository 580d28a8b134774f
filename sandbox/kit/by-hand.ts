import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { listWorkloads, rollWorkload } from '../../src/kubernetes/workloads.js';
import { ISSUER_SECRET, TRUST_ROOTS, TRUST_ROOTS_KEY } from '../../src/linkerd/names.js';
import { createIssuer, createRoot, type Issued } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';

/** The orders that people follow by hand, as scripts: what `kubectl` and `step` do, for Linkerd 2.11 and newer. */

export interface HandStep {
  name: string;
  run(): Promise<void>;
}

export const PRUNE = 'prune';

/** Linkerd's first manual procedure: the old root goes as soon as identity has its new issuer (linkerd2#4287). */
export function seedOrder(k8s: Kubernetes): HandStep[] {
  const hand = handsOn(k8s, 'identity.linkerd.cluster.local');
  return [
    { name: 'add root', run: hand.addRoot },
    { name: 'restart', run: hand.restartEverything },
    { name: 'swap issuer', run: hand.swapIssuer },
    { name: PRUNE, run: hand.prune },
    { name: 'restart again', run: hand.restartEverything },
  ];
}

/** Linkerd's newest manual procedure (linkerd.io, "Manually Rotating Control Plane TLS Credentials"). */
export function officialOrder(k8s: Kubernetes): HandStep[] {
  const hand = handsOn(k8s, 'root.linkerd.cluster.local');
  return [
    { name: 'add root', run: hand.addRoot },
    { name: 'restart', run: hand.restartEverything },
    { name: 'swap issuer', run: hand.swapIssuer },
    { name: 'restart again', run: hand.restartEverything },
    { name: PRUNE, run: hand.prune },
    { name: 'restart once more', run: hand.restartEverything },
  ];
}

const DAY_MS = 86_400_000;
const POLL_MS = 500;
/** A list of a thousand workloads takes a while: whoever looks is not what keeps the API server busy. */
const PAUSE_PER_LOOK = 4;
const STEP_DEADLINE_MS = 60 * 60_000;
const KUBECTL = { mark: 'kubectl.kubernetes.io/restartedAt', markedAt: 'sandbox.reroot.dev/restarted-by-hand' };
const RESTARTED = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

function handsOn(k8s: Kubernetes, rootName: string) {
  const root = createRoot({ commonName: rootName, validForMs: 365 * DAY_MS });
  const issuer = createIssuer({
    root: root.certificate,
    rootKey: root.privateKey,
    commonName: 'identity.linkerd.cluster.local',
    validForMs: 200 * DAY_MS,
  });
  const newest = root.certificate.pem.trim();
  return {
    addRoot: async () => await setBundle(k8s, `${await bundle(k8s)}\n${newest}`),
    swapIssuer: async () => await swapIssuer(k8s, issuer),
    prune: async () => await setBundle(k8s, newest),
    restartEverything: async () => await restartEverything(k8s),
  };
}

/** A thousand workloads are patched within seconds: no limit of the script's makes reroot look fast. */
export const HAND_REQUESTS_PER_SECOND = 300;

/** The control plane first: what is restarted before the injector knows the bundle would have to be once more. */
export async function restartEverything(k8s: Kubernetes): Promise<void> {
  const data = await meshedNamespaces(k8s);
  await restart(k8s, new Set(['linkerd']));
  await restart(k8s, data);
}

async function bundle(k8s: Kubernetes): Promise<string> {
  const { data } = await k8s.core.readNamespacedConfigMap({ name: TRUST_ROOTS, namespace: 'linkerd' });
  return data?.[TRUST_ROOTS_KEY]?.trim() ?? '';
}

async function setBundle(k8s: Kubernetes, value: string): Promise<void> {
  const body = [{ op: 'replace', path: `/data/${TRUST_ROOTS_KEY}`, value }];
  await k8s.core.patchNamespacedConfigMap({ name: TRUST_ROOTS, namespace: 'linkerd', body });
}

/** `kubectl edit secret`, then `kubectl get events --field-selector reason=IssuerUpdated` until there is one more. */
async function swapIssuer(k8s: Kubernetes, { certificate, privateKey }: Issued): Promise<void> {
  const before = new Set(await issuerEvents(k8s));
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const body = [
    { op: 'replace', path: '/data/crt.pem', value: encode(certificate.pem) },
    { op: 'replace', path: '/data/key.pem', value: encode(toSec1Pem(privateKey)) },
  ];
  await k8s.core.patchNamespacedSecret({ name: ISSUER_SECRET, namespace: 'linkerd', body });
  await until('the event IssuerUpdated', async () => (await issuerEvents(k8s)).some((event) => !before.has(event)));
}

/** One event may stand for several: its count grows. */
async function issuerEvents(k8s: Kubernetes): Promise<string[]> {
  const fieldSelector = 'reason=IssuerUpdated';
  const { items } = await k8s.core.listNamespacedEvent({ namespace: 'linkerd', fieldSelector });
  return items.map(({ metadata, count }) => `${metadata.uid} ${count ?? 1}`);
}

async function meshedNamespaces(k8s: Kubernetes): Promise<ReadonlySet<string>> {
  const { items } = await k8s.core.listPodForAllNamespaces({ labelSelector: 'linkerd.io/control-plane-ns=linkerd' });
  const namespaces = items.map(({ metadata }) => metadata?.namespace ?? '');
  return new Set(namespaces.filter((namespace) => namespace !== 'linkerd'));
}

/** `kubectl rollout restart` of all workloads of these namespaces, then `kubectl rollout status` of each. */
async function restart(k8s: Kubernetes, namespaces: ReadonlySet<string>): Promise<void> {
  const mark = new Date().toISOString();
  await until(`the rollout in ${namespaces.size} namespaces`, async () => {
    const all = await listWorkloads(k8s, undefined, KUBECTL, RESTARTED);
    const workloads = all.filter(({ namespace }) => namespaces.has(namespace));
    const unmarked = workloads.filter((workload) => workload.mark !== mark);
    await pMap(
      unmarked,
      async (workload) => await rollWorkload(k8s, workload, { reading: KUBECTL, mark, manager: 'kubectl' }),
      {
        concurrency: 8,
      },
    );
    return unmarked.length === 0 && workloads.every(({ rolledOut }) => rolledOut);
  });
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + STEP_DEADLINE_MS; Date.now() < end;) {
    const began = Date.now();
    if (await holds()) return;
    await sleep(Math.max(POLL_MS, PAUSE_PER_LOOK * (Date.now() - began)));
  }
  throw new Error(`waited in vain for ${what} (${STEP_DEADLINE_MS / 60_000} minutes)`);
}
