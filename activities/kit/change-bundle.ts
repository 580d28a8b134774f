import { present } from '../../src/ground/present.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { readBundleState, untilCertain } from '../../src/linkerd/proxies/bundle-change.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { type BundleChange, changeAnchors } from '../../src/linkerd/layouts/stores.js';
import type { BundleWritten } from '../../src/rotation/payloads.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { readPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Certificate } from '../../src/pki/certificate.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { isCross, TLS } from './root-secret.js';
import { awaitBundle, changePrevious } from './bundle-sources.js';
import { pause } from './heartbeat.js';
import type { Dependencies } from './dependencies.js';
import type { Managed } from './managed.js';
import type { StoredRotation } from './stored-rotation.js';
import { helmUpgrade } from './helm-now.js';

/**
 * Changes the bundle in every store; nothing else in it changes.
 * @param anchors where not all of them are written
 */
export async function changeBundle(
  { k8s }: Dependencies,
  linkerd: Linkerd,
  change: BundleChange,
  anchors = linkerd.anchors,
): Promise<BundleWritten> {
  const written = await changeAnchors(k8s, { ...linkerd, anchors }, change);
  await letStartsBeCertain({ k8s }, linkerd);
  return { written, ...present({ helm: await helmUpgrade(k8s, linkerd) }) };
}

/** The same by whoever's means it is made: where it is made of the Secrets of cert-manager, those are written, and it is waited for. */
export async function changeTrust(
  dependencies: Dependencies,
  {
    rotation: { linkerd, secret, isBack },
    managed,
    change,
  }: { rotation: StoredRotation; managed: Managed; change: BundleChange },
): Promise<BundleWritten> {
  const { k8s } = dependencies;
  const { sources } = managed;
  if (!sources) return await changeBundle(dependencies, linkerd, change);
  const keys = [secret.rootKeyPem, secret.previous.rootKeyPem];
  const stays = change.remove && !isBack ? await crossHeld(k8s, managed, secret) : [];
  const isWritten = await changePrevious(k8s, sources, { ...change, add: [...(change.add ?? []), ...stays] }, keys);
  await awaitBundle(k8s, linkerd, managed, change);
  const copies = await changeAnchors(k8s, { ...linkerd, anchors: linkerd.anchors.slice(1) }, change);
  await letStartsBeCertain({ k8s }, linkerd);
  const { namespace, name } = sources.previous;
  return { written: [...(isWritten ? [`Secret ${namespace}/${name}`] : []), ...copies] };
}

/**
 * The cross-signed root, while cert-manager signs with it. It stays in the bundle when cert-manager is given the root itself: pods
 * that are rolled now carry the bundle's text, and `linkerd check --proxy` compares it.
 */
async function crossHeld(k8s: Kubernetes, { root }: Managed, secret: RotationSecret): Promise<Certificate[]> {
  if (!root) return [];
  const { certificates } = await readPair(k8s, root.secret, TLS);
  return certificates.filter((certificate) => isCross(certificate, secret));
}

/** Where proxies are judged by the time of their start, nothing is restarted so soon that this would tell nothing. */
async function letStartsBeCertain(
  { k8s }: Pick<Dependencies, 'k8s'>,
  { namespace, layout, rules }: Linkerd,
): Promise<void> {
  if (!layout.judgedByStart || rules.environmentServed) return;
  const { changedAt } = await readBundleState(k8s, namespace);
  await pause(untilCertain(changedAt, clusterNow(k8s)));
}
