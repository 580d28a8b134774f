import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import { isKeyOf, readPair, writePair } from '../../src/linkerd/cert-manager/pair.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { type BundleChange, readAnchors } from '../../src/linkerd/layouts/stores.js';
import { addAnchors, removeAnchors } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { pause, reportProgress } from './heartbeat.js';
import type { Managed } from './managed.js';

/** Looks until whoever makes the bundle of its sources has done so: trust-manager takes seconds, a CronJob minutes. */
const LOOKS = 200;
const LOOK_MS = 2000;

/**
 * Changes what the source of the previous root holds, relative to what it holds. Its key is that of its first certificate, as
 * in the copy that Linkerd's guide makes.
 * @param keys those at hand
 */
export async function changePrevious(
  k8s: Kubernetes,
  sources: NonNullable<Managed['sources']>,
  { add = [], remove = [] }: BundleChange,
  keys: readonly (string | undefined)[],
): Promise<boolean> {
  const { previous, key } = sources;
  return await withFreshRead(async () => {
    const read = await readPair(k8s, previous, key);
    const certificates = removeAnchors(addAnchors(read.certificates, add), remove);
    const [first] = certificates;
    if (!first) return false;
    const keyPem = read.keyPem === '' ? undefined : keys.find((candidate) => isKeyOf(candidate, first));
    const wanted = { certificates, ca: first, ...(keyPem === undefined ? {} : { keyPem }) };
    return await writePair(k8s, previous, { read, key, wanted });
  });
}

/**
 * Waits until the bundle that the control plane reads is as its sources are. trust-manager may be told to leave out what has
 * expired (`--filter-expired-certificates`), so that is not waited for.
 * @throws ApplicationFailure `BundleNotMade`, which may be tried again
 */
export async function awaitBundle(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { bundle = 'whoever makes the bundle' }: Managed,
  { add = [], remove = [] }: BundleChange,
): Promise<void> {
  const lasting = add.filter(({ notAfter }) => notAfter > clusterNow(k8s));
  for (let look = 1; look <= LOOKS; look += 1) {
    const lacks = await difference(k8s, linkerd, lasting, remove);
    if (lacks === undefined) return;
    reportProgress({ waitingFor: [`${bundle}: ${lacks}`] });
    await pause(LOOK_MS);
  }
  const lacks = await difference(k8s, linkerd, lasting, remove);
  if (lacks === undefined) return;
  throw ApplicationFailure.retryable(
    `${bundle} has not written the bundle from its sources: ${lacks}. Look at its status and at the program behind it`,
    'BundleNotMade',
  );
}

async function difference(
  k8s: Kubernetes,
  linkerd: Linkerd,
  add: readonly Certificate[],
  remove: readonly string[],
): Promise<string | undefined> {
  const [{ store, certificates }] = await readAnchors(k8s, linkerd);
  const has = (fingerprint: string) => certificates.some((anchor) => anchor.fingerprint === fingerprint);
  const missing = add.find(({ fingerprint }) => !has(fingerprint));
  if (missing) return `${store} does not have ${missing.commonName} (${missing.fingerprint.slice(0, 12)}) yet`;
  const left = certificates.find(({ fingerprint }) => remove.includes(fingerprint));
  return left && `${store} still has ${left.commonName} (${left.fingerprint.slice(0, 12)})`;
}
