import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { feedsBundle } from './owners.js';

/** What the input says of owners, and cannot be. */
export function ownerUnfit(observation: PreflightObservation): Finding[] {
  const ofRoot = [bundleNotMade, bundleMadeAnyway, rootGivenTwice];
  const checks = [issuerNotRenewed, ...(observation.course.replaces === 'root' ? ofRoot : [])];
  return checks.map((check) => check(observation)).filter((finding) => finding !== undefined);
}

function issuerNotRenewed({ saidOwners, certManager, linkerdNamespace }: PreflightObservation): Finding | undefined {
  if (saidOwners.issuer !== 'certManager' || certManager?.issuer) return undefined;
  return unfit(
    'owners.issuer',
    `no Certificate of cert-manager writes Secret ${linkerdNamespace}/linkerd-identity-issuer, or it may not be read`,
    'leave `owners.issuer` out, or let reroot read Certificates: deploy/rbac/cert-manager.yaml',
  );
}

function bundleNotMade({ saidOwners, owners, certManager }: PreflightObservation): Finding | undefined {
  if (saidOwners.bundle !== 'certManager') return undefined;
  if (!certManager || !feedsBundle(certManager)) {
    return unfit(
      'owners.bundle',
      "nothing is known that makes the bundle of the Secret of the root's Certificate and of a second one, linkerd-previous-anchor",
      'say `owners.bundle: handOff`',
    );
  }
  if (owners.issuer.kind === 'certManager') return undefined;
  return unfit(
    'owners.bundle',
    "the bundle is made of the Secret of the root's Certificate, and an issuer of another owner needs another root",
    'say `owners.issuer: certManager` too, or another owner of the bundle',
  );
}

function bundleMadeAnyway({ saidOwners, owners, certManager }: PreflightObservation): Finding | undefined {
  if (saidOwners.bundle !== 'handOff' || owners.issuer.kind !== 'certManager') return undefined;
  if (!certManager?.bundle || !feedsBundle(certManager) || certManager.bundle.unsure) return undefined;
  return unfit(
    'owners.bundle',
    `${certManager.bundle.by} makes the bundle of the root's Secret: a renewal of the root would take the old one out before anybody could write anything`,
    'leave `owners.bundle` out, or say `owners.issuer: handOff` too',
  );
}

function rootGivenTwice({ owners, certManager, givesCertificates }: PreflightObservation): Finding | undefined {
  if (!givesCertificates || !certManager?.root || owners.issuer.kind !== 'certManager') return undefined;
  return unfit(
    'certificates',
    `a root of your own is given, and ${certManager.root.name} makes the root`,
    "leave `certificates` out: the Certificate is renewed. Or change what signs it, with its owner's means",
  );
}

function unfit(field: string, message: string, hint: string): Finding {
  return {
    reason: 'OwnerUnfit',
    severity: 'block',
    message,
    subject: { kind: 'object', name: `input ${field}` },
    hint,
  };
}

/** The root is made where reroot cannot have a new one made. */
export function rootOutside({ owners, certManager, givesCertificates, course }: PreflightObservation): Finding[] {
  const { issuer, root, signer = 'an Issuer', ca } = certManager ?? {};
  if (owners.issuer.kind !== 'certManager' || course.replaces === 'issuer') return [];
  if (!issuer || root || givesCertificates) return [];
  if (ca !== undefined) return [rootByHand({ issuer: issuer.name, signer, ca })];
  return [
    {
      reason: 'RootOutside',
      severity: 'block',
      message: `${issuer.name} is signed by ${signer}, whose root no Certificate of cert-manager makes`,
      subject: { kind: 'object', name: issuer.name },
      hint: `make the new root where that one comes from, and give it with \`certificates\`; the rotation says when to point ${signer} at it`,
    },
  ];
}

/** A person has made the root (`step`), and the Secret that it signs with: the new one is made here, and goes there by hand. */
function rootByHand({ issuer, signer, ca }: { issuer: string; signer: string; ca: string }): Finding {
  return {
    reason: 'RootOutside',
    severity: 'warn',
    message: `${issuer} is signed by ${signer} with Secret ${ca}, which no Certificate of cert-manager writes: reroot makes the new root, and asks in \`issue\` for it to be put into that Secret`,
    subject: { kind: 'object', name: issuer },
    hint: `nothing now; be there then: \`reroot hand-off -o patch | sh\` writes Secret ${ca} with your rights, and reroot renews the issuer. Or give a root of your own with \`certificates\``,
  };
}
