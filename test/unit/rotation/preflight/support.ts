import { expect } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import type { Finding } from '../../../../src/rotation/findings.js';
import { OWN } from '../../../../src/rotation/owners.js';
import { preflightFindings } from '../../../../src/rotation/preflight/index.js';
import type {
  AnchorFacts,
  CertManagerFacts,
  PreflightObservation,
  RenewedFacts,
  StoreFacts,
  WriterFacts,
} from '../../../../src/rotation/preflight/observation.js';
import { HOUR_MS, leaf, proxy } from '../support.js';

export const NOW = new Date('2026-01-01T12:00:00Z');
/** As many milliseconds from now; ISO 8601. */
export const after = (milliseconds: number): string => new Date(NOW.getTime() + milliseconds).toISOString();

export function anchor(fingerprint: string, change: Partial<AnchorFacts> = {}): AnchorFacts {
  return { fingerprint, commonName: `root ${fingerprint}`, notAfter: after(1000 * HOUR_MS), ...change };
}

export function store(change: Partial<StoreFacts> = {}): StoreFacts {
  return { store: 'ConfigMap roots', problems: [], anchors: [anchor('old')], ...change };
}

export const healthyProxy = proxy({ anchors: ['old'], leaf: leaf({ verifiesWith: ['old'] }) });

/** A mesh in which no check finds anything: each case of the tables changes what it is about. */
export const HEALTHY: PreflightObservation = {
  course: COURSES.bridge.course,
  waivers: [],
  now: NOW,
  stuckAfterMs: 600_000,
  linkerdNamespace: 'linkerd',
  missingPermissions: [],
  deployments: [{ name: 'linkerd-identity', ready: 3, wanted: 3 }],
  stores: [store(), store({ store: 'Secret copy' })],
  issuer: [],
  owners: OWN,
  saidOwners: {},
  issuerRoots: ['old'],
  givesCertificates: false,
  supplied: { problems: [], hasRootKey: true },
  deadline: {
    lastsMs: 17 * HOUR_MS,
    ways: [
      { name: 'bridge', lastsMs: 17 * HOUR_MS },
      { name: 'standard', lastsMs: HOUR_MS },
    ],
    expiries: [{ what: 'the issuer in use', notAfter: after(500 * HOUR_MS) }],
  },
  keyCopies: { applied: [] },
  keepsRootKey: false,
  writers: [],
  rehearsal: { namespace: 'shop' },
  webhookFailurePolicy: 'Fail',
  identityOff: [],
  proxies: [healthyProxy],
  unstarted: [],
  anchors: ['old'],
  unrollable: [],
  members: [],
  held: ['approve'],
};

/** One row of a table: what is observed beside a healthy mesh, and all that the chain of checks finds then. */
export interface Case {
  name: string;
  observed: Partial<PreflightObservation>;
  finds: ExpectedFinding[];
}

export interface ExpectedFinding {
  reason: string;
  severity: Finding['severity'];
  subject: string;
  /** Parts of the message: what is wrong, by name. */
  says: string[];
  /** A part of the hint; absent: there is none. */
  hint?: string;
}

/** What comes along in every recovery of an expired root. */
export const ROOT_EXPIRED: ExpectedFinding = {
  reason: 'RootExpired',
  severity: 'warn',
  subject: 'Secret linkerd/linkerd-identity-issuer',
  says: ['the root has expired'],
  hint: 'repairs identity first',
};

/** Asks the whole chain, so that a check which is not in it fails its own table. */
export function holds({ observed, finds }: Case): void {
  const found = preflightFindings({ ...HEALTHY, ...observed });
  expect(found.map(({ reason, severity, subject }) => ({ reason, severity, subject: subject.name }))).toEqual(
    finds.map(({ reason, severity, subject }) => ({ reason, severity, subject })),
  );
  for (const [index, { message, hint }] of found.entries()) {
    for (const part of finds[index]?.says ?? []) expect(message).toContain(part);
    const expected = finds[index]?.hint;
    expect(hint).toEqual(expected === undefined ? undefined : expect.stringContaining(expected));
  }
}

/** Somebody who puts back the bundle. */
export function writer(change: Partial<WriterFacts> = {}): WriterFacts {
  const { of = 'bundle' } = change;
  return {
    object:
      of === 'bundle' ? 'ConfigMap linkerd/linkerd-identity-trust-roots' : 'Secret linkerd/linkerd-identity-issuer',
    of,
    manager: 'acme',
    reverts: true,
    will: [],
    certain: false,
    cure: 'stop it',
    ...change,
  };
}

/** A Certificate of cert-manager that is as it should be, by `namespace/name`; its Secret has the same name. */
export function renewed(name: string, change: Partial<RenewedFacts> = {}): RenewedFacts {
  const renewedAfterMs = 1440 * HOUR_MS;
  const renewalTime = after(renewedAfterMs);
  return { name: `Certificate ${name}`, secret: name, renewalTime, renewedAfterMs, keepsKey: false, ...change };
}

export const TRUST_MANAGERS: NonNullable<CertManagerFacts['bundle']> = {
  by: 'Bundle linkerd-identity-trust-roots',
  sources: ['cert-manager/linkerd-trust-anchor', 'cert-manager/linkerd-previous-anchor'],
  missing: [],
  previous: 'cert-manager/linkerd-previous-anchor',
  key: 'tls.crt',
};

/** The install of Linkerd's guide. */
export const GUIDE: CertManagerFacts = {
  issuer: renewed('linkerd/linkerd-identity-issuer', {
    renewedAfterMs: 23 * HOUR_MS,
    renewalTime: after(22 * HOUR_MS),
  }),
  signer: 'ClusterIssuer linkerd-identity-issuer',
  ca: 'cert-manager/linkerd-trust-anchor',
  root: renewed('cert-manager/linkerd-trust-anchor', { fingerprint: 'old' }),
  bundle: TRUST_MANAGERS,
};

/** What a mesh on that install shows. */
export const DRIVEN: Pick<PreflightObservation, 'certManager' | 'owners'> = {
  certManager: GUIDE,
  owners: { bundle: { kind: 'certManager' }, issuer: { kind: 'certManager' } },
};
