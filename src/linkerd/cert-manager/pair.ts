import type { V1Secret } from '@kubernetes/client-node';
import { decode, encode } from '../../kubernetes/base64.js';
import type { Kubernetes } from '../../kubernetes/client.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { pointer, unchanged } from '../../kubernetes/patch.js';
import { formatBundle, issuerFile } from '../../pki/bundle.js';
import type { Certificate } from '../../pki/certificate.js';
import { keyMatches, parseKey } from '../../pki/key.js';
import type { SecretReference } from './install.js';

/** A Secret with certificates and the key of the first, as cert-manager writes it and a Bundle takes it. */
export interface StoredPair {
  certificates: Certificate[];
  /** For the activity that read it and for nobody else; empty where there is none. */
  keyPem: string;
  /** What stands in `ca.crt`; empty where there is none. */
  caPem: string;
  /** As it was read: the precondition of every write. */
  secret: V1Secret;
}

export interface WantedPair {
  certificates: readonly Certificate[];
  /** Absent: the key stays. */
  keyPem?: string;
  /** Absent: it stays. */
  ca?: Certificate;
}

const TLS_KEY = 'tls.key';
const CA = 'ca.crt';

export async function readPair(
  k8s: Kubernetes,
  { namespace, name }: SecretReference,
  key: string,
): Promise<StoredPair> {
  const secret = await k8s.core.readNamespacedSecret({ namespace, name });
  const text = (of: string) => decode(secret.data?.[of] ?? '');
  return { certificates: issuerFile(text(key)), keyPem: text(TLS_KEY), caPem: text(CA), secret };
}

/** Writes what differs, on the condition that the Secret is still the one that was read. @returns whether anything did */
export async function writePair(
  k8s: Kubernetes,
  { namespace, name }: SecretReference,
  { read, key, wanted }: { read: StoredPair; key: string; wanted: WantedPair },
): Promise<boolean> {
  const texts: Record<string, string> = {};
  if (!sameOrder(read.certificates, wanted.certificates))
    texts[key] = formatBundle(wanted.certificates, { finalNewline: true });
  const { keyPem, ca } = wanted;
  if (keyPem !== undefined && keyPem !== read.keyPem && !isKeyOf(read.keyPem, wanted.certificates[0]))
    texts[TLS_KEY] = keyPem;
  if (ca && read.secret.data?.[CA] !== undefined && read.caPem.trim() !== ca.pem.trim()) texts[CA] = ca.pem;
  if (Object.keys(texts).length === 0) return false;
  const operations = Object.entries(texts).map(([of, text]) => ({
    op: 'add' as const,
    path: pointer('data', of),
    value: encode(text),
  }));
  await k8s.core.patchNamespacedSecret({
    namespace,
    name,
    fieldManager: FIELD_MANAGER,
    body: [unchanged(read.secret.metadata), ...operations],
  });
  return true;
}

function sameOrder(one: readonly Certificate[], other: readonly Certificate[]): boolean {
  return (
    one.length === other.length && one.every(({ fingerprint }, index) => fingerprint === other[index]?.fingerprint)
  );
}

/** Whether a text is the key of a certificate: one that cannot be read is none. */
export function isKeyOf(keyPem: string | undefined, certificate: Certificate | undefined): boolean {
  if (!keyPem || !certificate) return false;
  try {
    return keyMatches(parseKey(keyPem), certificate);
  } catch {
    return false;
  }
}
