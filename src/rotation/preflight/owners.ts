import { present } from '../../ground/present.js';
import { isWaivedObject, type Waiver } from '../findings.js';
import type { Owned, Owner, Owners, SaidOwners } from '../owners.js';
import type { CertManagerFacts, WriterFacts } from './observation.js';

/** What decides who owns the bundle and the issuer. */
export interface OwnerFacts {
  said: SaidOwners;
  writers: readonly WriterFacts[];
  waivers: readonly Waiver[];
  certManager?: CertManagerFacts | undefined;
}

const CERT_MANAGER = 'cert-manager';
const TRUST_MANAGER = 'trust-manager';

/**
 * Who writes the bundle and the issuer: as the input says, else as it was found. A controller that puts its own content back
 * gets what it writes by hand-off; tools that somebody starts write nothing by themselves, so reroot does.
 */
export function ownersOf(facts: OwnerFacts): Owners {
  const issuer = said(facts, 'issuer', foundIssuer(facts));
  return { bundle: said(facts, 'bundle', foundBundle(facts, issuer)), issuer };
}

function said(facts: OwnerFacts, owned: Owned, found: Owner): Owner {
  const kind = facts.said[owned];
  if (kind === undefined || kind === found.kind) return found;
  if (kind === 'reroot') return { kind };
  const who = kind === 'certManager' ? byCertManager(facts.certManager, owned) : whoWrites(facts, owned);
  return { kind, ...present({ who }) };
}

function foundIssuer(facts: OwnerFacts): Owner {
  const isRenewed = facts.certManager?.issuer !== undefined;
  // where Certificates may not be read, the mark on the Secret tells
  if (isRenewed || writing(facts, 'issuer').some(({ manager }) => manager === CERT_MANAGER)) {
    return { kind: 'certManager', who: byCertManager(facts.certManager, 'issuer') ?? CERT_MANAGER };
  }
  return handedOff(facts, 'issuer');
}

function foundBundle(facts: OwnerFacts, issuer: Owner): Owner {
  const { certManager } = facts;
  const isMade = issuer.kind === 'certManager' && certManager !== undefined && feedsBundle(certManager);
  const rival = writing(facts, 'bundle').find((writer) => !isMaker(writer, certManager));
  if (!isMade || certManager.bundle?.unsure || rival) return handedOff(facts, 'bundle');
  return { kind: 'certManager', ...present({ who: byCertManager(certManager, 'bundle') }) };
}

/** The Secret of the root's Certificate is a source of the bundle: it changes when that is renewed. */
export function feedsBundle({ root, bundle }: CertManagerFacts): boolean {
  return root !== undefined && bundle !== undefined && bundle.sources.includes(root.secret);
}

/** Whether a writer of the bundle is the one that makes it of the source Secrets. */
export function isMaker({ manager, copies }: WriterFacts, certManager: CertManagerFacts | undefined): boolean {
  return copies ?? [TRUST_MANAGER, CERT_MANAGER, certManager?.bundle?.by].includes(manager);
}

function handedOff(facts: OwnerFacts, owned: Owned): Owner {
  const others = writing(facts, owned);
  return others.length > 0 ? { kind: 'handOff', who: namesOf(others) } : { kind: 'reroot' };
}

/** Everybody who is known to write it, controller or tool. */
function whoWrites(facts: OwnerFacts, owned: Owned): string | undefined {
  const all = facts.writers.filter((writer) => writer.of === owned);
  const reverting = all.filter(({ reverts }) => reverts);
  return namesOf(reverting.length > 0 ? reverting : all) || undefined;
}

function namesOf(writers: readonly WriterFacts[]): string {
  return [...new Set(writers.map(({ manager }) => manager))].join(' and ');
}

/** Controllers that write it, without those of which a person has said that they are stopped: a mark stays when they are. */
function writing({ writers, waivers }: OwnerFacts, owned: Owned): WriterFacts[] {
  return writers.filter(
    (writer) => writer.of === owned && writer.reverts && (writer.certain || !isWaivedObject(writer.object, waivers)),
  );
}

/** How cert-manager comes to write it, for people. */
function byCertManager(certManager: CertManagerFacts | undefined, owned: Owned): string | undefined {
  const { issuer, signer, bundle } = certManager ?? {};
  if (owned === 'issuer') {
    return issuer && `${CERT_MANAGER} (${issuer.name}${signer === undefined ? '' : `, signed by ${signer}`})`;
  }
  if (!bundle) return undefined;
  const from = `from ${bundle.sources.length === 1 ? 'Secret' : 'Secrets'} ${bundle.sources.join(' and ')}`;
  const isTrustManagers = /^(Cluster)?Bundle /.test(bundle.by);
  return isTrustManagers
    ? `${CERT_MANAGER} and ${TRUST_MANAGER} (${bundle.by}, ${from})`
    : `${CERT_MANAGER} (copied by ${bundle.by}, ${from})`;
}
