import { present } from '../ground/present.js';
import type { Kubernetes } from '../kubernetes/client.js';
import { isKubernetesError } from '../kubernetes/errors.js';
import { readBundle } from '../pki/bundle.js';
import type { Certificate } from '../pki/certificate.js';
import { decode } from '../kubernetes/base64.js';
import { RecordError } from './record-error.js';
import { SECRET_KEYS } from './rotation-secret.js';

/** A root of the user's own, with an issuer under it, or with its key so that an issuer can be signed, where that is made here. */
export interface SuppliedCertificates {
  root: Certificate;
  rootKeyPem?: string;
  issuerPem?: string;
  issuerKeyPem?: string;
}

/** The Secret does not hold what it must; lists everything that is wrong with it. */
export class SuppliedError extends RecordError {
  override readonly name = 'SuppliedError';
  constructor(message: string) {
    super('SuppliedSecretUnfit', message, 'give that Secret what `certificates.secret` wants, then `retry`');
  }
}

/** What the Secret has to hold. */
export interface Wanted {
  /** Where cert-manager makes the issuer the root alone will do. */
  isRootEnough?: boolean;
}

/**
 * Reads `ca.crt` (the root) and either `tls.crt` with `tls.key` (the issuer) or `ca.key` (the root's key).
 * @throws SuppliedError
 */
export async function readSuppliedCertificates(
  k8s: Kubernetes,
  { namespace }: { namespace: string },
  { secret: name, ...wanted }: { secret: string } & Wanted,
): Promise<SuppliedCertificates> {
  const { data = {} } = await k8s.core.readNamespacedSecret({ name, namespace }).catch((error: unknown) => {
    if (isKubernetesError(error, 'NotFound')) throw new SuppliedError(`Secret ${namespace}/${name} does not exist`);
    throw error;
  });
  const supplied = parseSupplied(data, wanted);
  if (!Array.isArray(supplied)) return supplied;
  throw new SuppliedError(`Secret ${namespace}/${name}: ${supplied.join('; ')}`);
}

/** What a Secret's data supplies, or everything that is wrong with it. Whether certificates and keys are fit is judged elsewhere. */
export function parseSupplied(
  data: Record<string, string>,
  { isRootEnough = false }: Wanted = {},
): SuppliedCertificates | string[] {
  const text = (key: string): string | undefined => decode(data[key] ?? '') || undefined;
  const [rootPem = '', rootKeyPem] = [text(SECRET_KEYS.root), text(SECRET_KEYS.rootKey)];
  const [issuerPem, issuerKeyPem] = [text(SECRET_KEYS.issuer), text(SECRET_KEYS.issuerKey)];
  const roots = readBundle(rootPem).certificates;
  const problems = [
    ...rootProblems(rootPem, roots),
    ...issuerProblems({ rootKeyPem, issuerPem, issuerKeyPem }, isRootEnough),
  ];
  const [root] = roots;
  return root && problems.length === 0 ? { root, ...present({ rootKeyPem, issuerPem, issuerKeyPem }) } : problems;
}

function rootProblems(text: string, { length }: readonly Certificate[]): string[] {
  if (length === 0) return [nothingIn(SECRET_KEYS.root, text)];
  if (length === 1) return [];
  return [
    `${SECRET_KEYS.root} holds ${length} certificates, it must be the one new root (CAs between root and issuer belong behind the issuer, in ${SECRET_KEYS.issuer})`,
  ];
}

function issuerProblems(
  { rootKeyPem, issuerPem, issuerKeyPem }: Record<string, string | undefined>,
  isRootEnough: boolean,
): string[] {
  const { rootKey, issuer, issuerKey } = SECRET_KEYS;
  const problems: string[] = [];
  if ((issuerPem === undefined) !== (issuerKeyPem === undefined)) {
    problems.push(`${issuer} and ${issuerKey} belong together`);
  }
  if (!issuerPem && !rootKeyPem && !isRootEnough)
    problems.push(`either ${issuer} with ${issuerKey}, or ${rootKey}, is needed`);
  if (issuerPem && readBundle(issuerPem).certificates.length === 0) problems.push(nothingIn(issuer, issuerPem));
  return problems;
}

/** The commonest reasons, where they show. */
function nothingIn(key: string, text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  if (decoded.includes(BEGIN))
    return `${key} is encoded in base64 twice (\`data\` is encoded once; PEM goes into \`stringData\`)`;
  if (text.includes('PRIVATE KEY')) return `${key} holds a private key in place of a certificate`;
  if (text.startsWith('0\uFFFD'))
    return `${key} holds no PEM; a binary certificate becomes one by \`openssl x509 -inform DER\``;
  return `${key} holds no certificate`;
}

const BEGIN = '-----BEGIN ';
