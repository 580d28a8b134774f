import type { V1Secret } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { StateError } from '../../ground/state-error.js';
import { withoutAppliedKeys } from '../../kubernetes/last-applied.js';
import { pointer, unchanged } from '../../kubernetes/patch.js';
import { issuerFile } from '../../pki/bundle.js';
import type { Certificate } from '../../pki/certificate.js';
import type { IssuerScheme, Linkerd } from '../detect.js';
import { decode, encode } from '../../kubernetes/base64.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { ISSUER_SECRET } from '../names.js';

/** Keys of the issuer Secret by scheme (linkerd2 pkg/k8s/labels.go). */
export const ISSUER_KEYS: Record<IssuerScheme, { certificate: string; key: string }> = {
  'linkerd.io/tls': { certificate: 'crt.pem', key: 'key.pem' },
  'kubernetes.io/tls': { certificate: 'tls.crt', key: 'tls.key' },
};

/** The identity issuer as stored. The key is for the activity that read it and for nobody else. */
export interface StoredIssuer {
  /** Issuer certificate first, then what identity hands out with it. */
  certificates: [Certificate, ...Certificate[]];
  certificatePem: string;
  keyPem: string;
  secret: V1Secret;
}

/** @throws StateError `IssuerUnreadable` when the Secret lacks a key of the scheme that identity reads, or holds no certificate */
export async function readIssuer(k8s: Kubernetes, linkerd: Linkerd): Promise<StoredIssuer> {
  const issuer = await findIssuer(k8s, linkerd);
  if (issuer.keyPem === '') throw unreadable(linkerd, ISSUER_KEYS[linkerd.scheme].key);
  return issuer;
}

/**
 * The same for those who only look: its key may be missing (`keyPem` is empty then) or unfit.
 * @throws StateError `IssuerUnreadable` when there is no certificate
 */
export async function findIssuer(k8s: Kubernetes, linkerd: Linkerd): Promise<StoredIssuer> {
  const secret = await k8s.core.readNamespacedSecret({ name: ISSUER_SECRET, namespace: linkerd.namespace });
  const keys = ISSUER_KEYS[linkerd.scheme];
  const certificatePem = decode(secret.data?.[keys.certificate] ?? '');
  const keyPem = decode(secret.data?.[keys.key] ?? '');
  const [issuer, ...rest] = issuerFile(certificatePem);
  if (!issuer) throw unreadable(linkerd, keys.certificate);
  return { certificates: [issuer, ...rest], certificatePem, keyPem, secret };
}

function unreadable({ scheme }: Linkerd, key: string): StateError {
  return new StateError(
    'IssuerUnreadable',
    `Secret ${ISSUER_SECRET} has no ${key} (scheme ${scheme})`,
    'put certificate and key of the issuer back, as identity reads them',
  );
}

/**
 * Replaces certificate and key in one write, on the condition that the Secret is still the one that was read. Private keys in
 * its annotation of `kubectl apply` go with the same write.
 */
export async function replaceIssuer(
  k8s: Kubernetes,
  linkerd: Linkerd,
  read: StoredIssuer,
  next: { certificatePem: string; keyPem: string },
): Promise<void> {
  const keys = ISSUER_KEYS[linkerd.scheme];
  await k8s.core.patchNamespacedSecret({
    name: ISSUER_SECRET,
    namespace: linkerd.namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(read.secret.metadata),
      {
        op: 'replace',
        path: pointer('data', keys.certificate),
        value: encode(endingAs(read.certificatePem, next.certificatePem)),
      },
      { op: 'replace', path: pointer('data', keys.key), value: encode(endingAs(read.keyPem, next.keyPem)) },
      ...withoutAppliedKeys(read.secret.metadata),
    ],
  });
}

/** Charts write both without a newline at their end, and would change the Secret, which identity reloads, for a newline. */
function endingAs(before: string, pem: string): string {
  return before.endsWith('\n') ? `${pem.trimEnd()}\n` : pem.trimEnd();
}
