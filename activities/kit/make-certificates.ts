import type { KeyObject } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { issueTime } from '../../src/kubernetes/clock.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import type { StoredIssuer } from '../../src/linkerd/identity/issuer.js';
import { formatBundle, readBundle } from '../../src/pki/bundle.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { createBridge, createIssuer, createRoot } from '../../src/pki/issue.js';
import { keyMatches, parseKey, readableKey, toPkcs8Pem, toSec1Pem } from '../../src/pki/key.js';
import { ROOT_SECRET } from '../../src/records/names.js';
import { readRootKey } from '../../src/records/root-secret.js';
import { SECRET_KEYS } from '../../src/records/rotation-secret.js';
import { readSuppliedCertificates, type SuppliedCertificates } from '../../src/records/supplied.js';
import { bridgeLife } from '../../src/rotation/bridge-life.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import { isHandedOff, type Owners } from '../../src/rotation/owners.js';
import type { Dependencies } from './dependencies.js';

/** A root with an issuer under it. The keys are for the activity that made them and for nobody else. */
export interface Made {
  root: Certificate;
  rootKeyPem?: string;
  issuer: Certificate;
  issuerPem: string;
  issuerKeyPem: string;
}

/** A new root and its issuer: both supplied, the issuer signed with a supplied root's key, or both made here. */
export async function makeCertificates(
  dependencies: Dependencies,
  settings: RotationSettings,
  linkerd: Linkerd,
): Promise<Made> {
  const supplied = await readSupplied(dependencies, settings, linkerd);
  const now = issueTime(dependencies.k8s);
  const given = supplied && suppliedIssuer(supplied);
  if (given) return supplied.rootKeyPem ? { ...given, rootKeyPem: supplied.rootKeyPem } : given;
  const { root, rootKey } = supplied?.rootKeyPem
    ? { root: supplied.root, rootKey: suppliedKey(supplied.rootKeyPem, SECRET_KEYS.rootKey) }
    : newRoot(settings, linkerd, now);
  return signIssuer(root, rootKey, { settings, linkerd, now });
}

/** The bridge certificate: the issuer key in use, certified under the new root.
 *  @throws ApplicationFailure `BadCertificates` when the new root's key is not at hand */
export function makeBridge(
  { root, rootKeyPem }: Pick<Made, 'root' | 'rootKeyPem'>,
  current: StoredIssuer,
  { settings, linkerd, now, owners }: SettingsOf & { owners: Owners | undefined },
): Certificate {
  if (!rootKeyPem) {
    throw ApplicationFailure.nonRetryable(
      `a bridge needs the key of the new root, to certify the issuer key in use: Secret ${settings.certificates?.secret} has no ${SECRET_KEYS.rootKey}`,
      'BadCertificates',
    );
  }
  return createBridge({
    issuer: current.certificates[0],
    root,
    rootKey: parseKey(rootKeyPem),
    validForMs: bridgeLife(settings, linkerd.leafLifeMs, isHandedOff(owners, 'issuer')),
    now,
  });
}

/** Where a new issuer has to fit in: the roots in use, and the issuer to replace. */
export interface InUse {
  linkerd: Linkerd;
  roots: readonly Certificate[];
  current: StoredIssuer;
}

/**
 * A new issuer under the root in use: supplied, or signed with the root's key from the Secret that an earlier rotation
 * left, or, where the issuer is the root itself (a default `linkerd install`), with its own key.
 * @throws ApplicationFailure `BadCertificates`, `RootKeyMissing`
 */
export async function makeIssuer(dependencies: Dependencies, settings: RotationSettings, inUse: InUse): Promise<Made> {
  const { linkerd, roots } = inUse;
  const supplied = await readSupplied(dependencies, settings, linkerd);
  if (supplied && !roots.some(({ fingerprint }) => fingerprint === supplied.root.fingerprint)) {
    throw ApplicationFailure.nonRetryable(
      `${SECRET_KEYS.root} of Secret ${settings.certificates?.secret} is not the root in use: a new issuer has to be under it (a new root is for \`rotateTrustRoot\`)`,
      'BadCertificates',
    );
  }
  const given = supplied && suppliedIssuer(supplied);
  if (given) return given;
  const rootKeyPem = supplied?.rootKeyPem ?? (await keyOfRootInUse(dependencies, inUse));
  const root = roots.find((candidate) => rootKeyPem !== undefined && keyMatches(parseKey(rootKeyPem), candidate));
  if (!root || rootKeyPem === undefined) {
    throw ApplicationFailure.nonRetryable(
      `the key of the root in use is not in Secret ${linkerd.namespace}/${ROOT_SECRET}: name with \`certificates.secret\` a Secret that has it (ca.crt and ca.key), or an issuer under that root`,
      'RootKeyMissing',
    );
  }
  return signIssuer(root, parseKey(rootKeyPem), { settings, linkerd, now: issueTime(dependencies.k8s) });
}

async function keyOfRootInUse({ k8s }: Dependencies, { linkerd, roots, current }: InUse): Promise<string | undefined> {
  if (current.certificates[0].fingerprint === roots[0]?.fingerprint) return current.keyPem;
  return await readRootKey(k8s, linkerd.namespace, roots);
}

async function readSupplied(
  { k8s }: Dependencies,
  { certificates }: RotationSettings,
  linkerd: Linkerd,
): Promise<SuppliedCertificates | undefined> {
  return certificates && (await readSuppliedCertificates(k8s, linkerd, certificates));
}

/**
 * Written anew: identity reads certificates only, and the first block of a key only; Linkerd up to 2.8 no PKCS #8.
 * @throws ApplicationFailure `BadCertificates`
 */
function suppliedIssuer({ root, issuerPem, issuerKeyPem }: SuppliedCertificates): Made | undefined {
  const chain = issuerPem ? readBundle(issuerPem).certificates : [];
  if (chain.length === 0 || !issuerKeyPem) return undefined;
  return madeOf(root, chain, keyText(suppliedKey(issuerKeyPem, SECRET_KEYS.issuerKey)));
}

function suppliedKey(pem: string, name: string): KeyObject {
  const read = readableKey(pem, `in ${name}`);
  if ('key' in read) return read.key;
  const { reason, message, hint } = read.problem;
  throw ApplicationFailure.nonRetryable(`${reason}: ${message} (${hint})`, 'BadCertificates');
}

function keyText(key: KeyObject): string {
  return key.asymmetricKeyType === 'ec' ? toSec1Pem(key) : toPkcs8Pem(key);
}

interface SettingsOf {
  settings: RotationSettings;
  linkerd: Linkerd;
  /** From when on what is made is valid. */
  now: Date;
}

function signIssuer(root: Certificate, rootKey: KeyObject, { settings, linkerd, now }: SettingsOf): Made {
  const commonName = settings.issuer.commonName ?? `identity.${linkerd.namespace}.${linkerd.trustDomain}`;
  const issuer = createIssuer({ root, rootKey, commonName, validForMs: settings.issuer.validity, now });
  return {
    ...madeOf(root, [issuer.certificate], toSec1Pem(issuer.privateKey)),
    rootKeyPem: toPkcs8Pem(rootKey),
  };
}

/** An issuer under a root whose key is at hand. */
export function makeIssuerUnder(
  root: Certificate,
  rootKeyPem: string,
  settingsOf: SettingsOf,
): Pick<Made, 'issuerPem' | 'issuerKeyPem'> {
  const { issuerPem, issuerKeyPem } = signIssuer(root, parseKey(rootKeyPem), settingsOf);
  return { issuerPem, issuerKeyPem };
}

/** A root of reroot's own, with no issuer yet. */
export function makeRoot({ settings, linkerd, now }: SettingsOf): Required<Pick<Made, 'root' | 'rootKeyPem'>> {
  const { root, rootKey } = newRoot(settings, linkerd, now);
  return { root, rootKeyPem: toPkcs8Pem(rootKey) };
}

function newRoot(settings: RotationSettings, linkerd: Linkerd, now: Date): { root: Certificate; rootKey: KeyObject } {
  const commonName = settings.root.commonName ?? `root.${linkerd.namespace}.${linkerd.trustDomain}`;
  const made = createRoot({ commonName, validForMs: settings.root.validity, now });
  return { root: made.certificate, rootKey: made.privateKey };
}

function madeOf(root: Certificate, chain: readonly Certificate[], issuerKeyPem: string): Made {
  const [issuer = root] = chain;
  return { root, issuer, issuerPem: formatBundle(chain, { finalNewline: true }), issuerKeyPem };
}
