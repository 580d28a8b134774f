import { plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import { decode } from '../../src/kubernetes/base64.js';
import { ifThere, isKubernetesError } from '../../src/kubernetes/errors.js';
import { writes } from '../../src/linkerd/cert-manager/find.js';
import type {
  CertManagerInstall,
  ManagedCertificate,
  SecretReference,
} from '../../src/linkerd/cert-manager/install.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { renewalOf } from '../../src/linkerd/writers/certificate-renewal.js';
import { isStartedByHand } from '../../src/linkerd/writers/known.js';
import { readBundleOfRoots } from '../../src/linkerd/writers/trust-manager.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { CertManagerFacts, MadeBundleFacts, RenewedFacts } from '../../src/rotation/preflight/observation.js';

/** What the checks go by, as plain words. */
export async function certManagerFacts(
  k8s: Kubernetes,
  linkerd: Linkerd,
  install: CertManagerInstall,
): Promise<CertManagerFacts | undefined> {
  const { issuer, signer, ca, root } = install;
  if (!issuer && !root) return undefined;
  const now = clusterNow(k8s);
  return present({
    issuer: issuer && renewedFacts(issuer, now),
    signer,
    ca: ca && secretName(ca),
    root: root && { ...renewedFacts(root, now), ...present({ fingerprint: await rootIn(k8s, root.secret) }) },
    bundle: root && (await bundleFacts(k8s, linkerd, { ...install, root })),
  });
}

function renewedFacts(
  { namespace, name, secret, resource: { spec, status } }: ManagedCertificate,
  now: Date,
): RenewedFacts {
  const policy = spec?.privateKey?.rotationPolicy;
  return {
    name: `Certificate ${namespace}/${name}`,
    secret: secretName(secret),
    ...present({ notReady: notReady(status), abandoned: abandoned(status, now), renewalTime: status?.renewalTime }),
    renewedAfterMs: renewalOf(spec).renewedAfterMs,
    keepsKey: policy === undefined ? 'unsaid' : policy === 'Never',
  };
}

function notReady(status: ManagedCertificate['resource']['status']): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? undefined : plain(ready?.message ?? 'it has no condition Ready');
}

/** cert-manager sets Issuing when a renewal is due, long before the end; after a failure it says when that was. */
function abandoned(status: ManagedCertificate['resource']['status'], now: Date): string | undefined {
  const { notAfter, lastFailureTime, conditions = [] } = status ?? {};
  const hasTried = lastFailureTime !== undefined || conditions.some(({ type }) => type === 'Issuing');
  return notAfter === undefined || hasTried || new Date(notAfter) > now ? undefined : plain(notAfter);
}

const NOBODY = 'somebody unknown';

/** Who makes the bundle of Secrets, and which these are. */
async function bundleFacts(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { root, sources, bundle: by = NOBODY }: CertManagerInstall & { root: ManagedCertificate },
): Promise<MadeBundleFacts | undefined> {
  const found = await readBundleOfRoots(k8s);
  if (sources) {
    const both = { sources: [secretName(sources.root), secretName(sources.previous)], missing: [] };
    const made = { by, ...both, previous: secretName(sources.previous), key: sources.key };
    return found || (await isCopied(k8s, linkerd, { by, sources })) ? made : { ...made, unsure: true };
  }
  if (!found) return undefined;
  const { namespace } = root;
  const named = found.secrets.flatMap(({ name, selector, key }) => {
    if (name !== undefined) return [{ name, key }];
    return selector && writes(root, { selector }) ? [{ name: root.secret.name, key }] : [];
  });
  const names = [...new Set(named.map(({ name }) => name))];
  const there = await Promise.all(
    names.map(async (name) => (await readSecret(k8s, { namespace, name })) !== undefined),
  );
  const [previous] = names.filter((name) => name !== root.secret.name);
  return {
    by: found.name,
    sources: names.map((name) => secretName({ namespace, name })),
    missing: names.filter((_, index) => !there[index]).map((name) => secretName({ namespace, name })),
    ...present({ previous: previous === undefined ? undefined : secretName({ namespace, name: previous }) }),
    key: named.find(({ name }) => name === root.secret.name)?.key ?? 'tls.crt',
    ...(found.secrets.some(({ selector }) => selector) ? { byLabels: true } : {}),
  };
}

/**
 * Without trust-manager: the bundle holds what the two Secrets hold, and no person or tool of a person wrote it last, who will
 * not write it again when these change.
 */
async function isCopied(
  k8s: Kubernetes,
  linkerd: Linkerd,
  { by, sources }: { by: string; sources: NonNullable<CertManagerInstall['sources']> },
): Promise<boolean> {
  // who it was that has written it is not recorded, or it was reroot
  if (by === NOBODY || isStartedByHand(by)) return false;
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  const texts = await Promise.all(
    [sources.root, sources.previous].map(async (secret) => await readSecret(k8s, secret)),
  );
  const held = texts.flatMap((data) => readBundle(decode(data?.[sources.key] ?? '')).certificates);
  const fingerprints = (list: readonly { fingerprint: string }[]) =>
    [...new Set(list.map(({ fingerprint }) => fingerprint))].toSorted().join();
  return fingerprints(held) === fingerprints(certificates);
}

/** Fingerprint of the root in a Secret, where it may be read. */
async function rootIn(k8s: Kubernetes, secret: SecretReference): Promise<string | undefined> {
  const data = await readSecret(k8s, secret);
  const [root] = readBundle(decode(data?.['tls.crt'] ?? '')).certificates;
  return root?.fingerprint;
}

/** @returns undefined: it is not there; empty: it may not be read */
async function readSecret(
  k8s: Kubernetes,
  { namespace, name }: SecretReference,
): Promise<Record<string, string> | undefined> {
  try {
    const secret = await ifThere(k8s.core.readNamespacedSecret({ namespace, name }));
    return secret && (secret.data ?? {});
  } catch (error) {
    if (isKubernetesError(error, 'Forbidden')) return {};
    throw error;
  }
}

function secretName({ namespace, name }: SecretReference): string {
  return `${plain(namespace)}/${plain(name)}`;
}
