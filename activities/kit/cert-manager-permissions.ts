import { present } from '../../src/ground/present.js';
import type { Permission } from '../../src/kubernetes/permissions.js';
import type { Owners } from '../../src/rotation/owners.js';
import type { CertManagerFacts, RenewedFacts } from '../../src/rotation/preflight/observation.js';

/** What drives cert-manager, where it owns the issuer. */

const LOOK = 'deploy/rbac/cert-manager.yaml';
export const RENEW_FILE = 'deploy/rbac/cert-manager-renew.yaml';
const GROUP = 'cert-manager.io';

/** To see what its resources are. */
export function lookPermissions(): Permission[] {
  return [
    {
      ...{ verb: 'list', group: GROUP, resource: 'certificates', file: LOOK },
      neededFor: 'knowing the owner of the issuer',
    },
    {
      ...{ verb: 'get', group: GROUP, resource: 'clusterissuers', file: LOOK },
      neededFor: 'knowing who signs the issuer',
    },
    { ...{ verb: 'get', group: GROUP, resource: 'issuers', file: LOOK }, neededFor: 'knowing who signs the issuer' },
  ];
}

/** @param namespace that of Linkerd */
export function certManagerPermissions(namespace: string, owners: Owners, certManager: CertManagerFacts): Permission[] {
  const { issuer, root, bundle } = certManager;
  const certificates = [issuer, root].filter((certificate) => certificate !== undefined);
  const sources = owners.bundle.kind === 'certManager' ? (bundle?.sources ?? []) : [];
  const secrets = root ? new Set([root.secret, ...sources]) : new Set<string>();
  return [
    ...lookPermissions(),
    ...certificates.flatMap(renewal),
    ...[...new Set([namespace, ...certificates.map((certificate) => namespaceOf(certificate.secret))])].flatMap(
      requests,
    ),
    ...[...secrets].flatMap(source),
  ];
}

/** What a rotation of the issuer alone drives. */
export function ofIssuerAlone({ issuer, signer, ca }: CertManagerFacts): CertManagerFacts {
  return present({ issuer, signer, ca });
}

/** As `cmctl renew` does it. */
function renewal({ name, secret }: RenewedFacts): Permission[] {
  const certificate = { group: GROUP, resource: 'certificates', namespace: namespaceOf(secret), file: RENEW_FILE };
  const named = { ...certificate, name: name.slice(name.indexOf('/') + 1) };
  return [
    { ...named, verb: 'get', neededFor: 'waiting for a renewal' },
    { ...named, verb: 'patch', subresource: 'status', neededFor: 'generate, issue' },
  ];
}

/** Of a renewal that is to be taken back cert-manager forgets the request. */
function requests(namespace: string): Permission[] {
  return ['list', 'delete'].map((verb) => ({
    ...{ verb, group: GROUP, resource: 'certificaterequests', namespace, file: RENEW_FILE },
    neededFor: 'the way back',
  }));
}

function source(secret: string): Permission[] {
  return ['get', 'patch'].map((verb) => ({
    ...{ verb, group: '', resource: 'secrets', namespace: namespaceOf(secret), name: nameIn(secret), file: RENEW_FILE },
    neededFor: 'generate, trust, retire',
  }));
}

function namespaceOf(secret: string): string {
  return secret.slice(0, secret.indexOf('/'));
}

function nameIn(secret: string): string {
  return secret.slice(secret.indexOf('/') + 1);
}
