import { formatDuration } from '../../ground/duration.js';
import type { Finding, Subject } from '../findings.js';
import { isWaived, type Waiver } from '../findings.js';
import type { ProxyObservation } from '../../ground/mesh.js';
import { workloadName } from '../../ground/mesh.js';
import { type Recovery, RECOVERY_STRATEGY } from '../courses/recovery.js';

/** What preflight looked at, as plain data. Each check below is named for what it finds. */
export interface PreflightObservation {
  linkerdNamespace: string;
  now: Date;
  stores: StoreFacts[];
  issuer: { problems: { reason: string; severity: 'error' | 'warning'; message: string; hint?: string }[] };
  deployments: { name: string; ready: number; wanted: number }[];
  rehearsal: { namespace: string; problem?: string };
  missingPermissions: { what: string; neededFor: string }[];
  proxies: ProxyObservation[];
  /** Fingerprints of every anchor in the bundle; each presented chain must verify with one of them. */
  anchors: string[];
  unrollable: { workload: string; reason: string; message: string; hint: string; ends?: boolean }[];
  writers: { object: string; manager: string; will: string[]; certain: boolean; cure: string }[];
  /** Helm owns the install, and this of its values holds the anchors. */
  helmValue?: string;
  /** Problems of the certificates that the input brings. */
  supplied: { reason: string; severity: 'error' | 'warning'; message: string; hint?: string }[];
  webhookFailurePolicy?: string;
  waivers: Waiver[];
  /** An earlier rotation has left its Secret; where its bridge certificate is in use, until when that lasts (ISO 8601). */
  leftBehind?: { of: 'root' | 'issuer'; bridgeNotAfter?: string };
  /** Milliseconds that the strategy and each other way lasts, and what must not expire meanwhile. */
  deadline: {
    strategy: string;
    ms: number;
    ways: { name: string; ms: number }[];
    expiries: { what: string; notAfter: string }[];
  };
  /** Something has expired already: what, and the strategy that was asked for. */
  recovery?: { what: Recovery; strategy: string };
}

/** What is known before anything was looked at: nothing that a check would find fault with. */
export const NOTHING: PreflightObservation = {
  linkerdNamespace: '',
  now: new Date(0),
  stores: [],
  issuer: { problems: [] },
  deployments: [],
  rehearsal: { namespace: '' },
  missingPermissions: [],
  proxies: [],
  anchors: [],
  unrollable: [],
  writers: [],
  supplied: [],
  waivers: [],
  deadline: { strategy: 'standard', ms: 0, ways: [], expiries: [] },
};

export interface StoreFacts {
  store: string;
  problems: { reason: string; message: string }[];
  /** The identity process would die of it. */
  fatal?: string;
  anchors: { fingerprint: string; commonName: string; notAfter: string }[];
}

type Check = (observation: PreflightObservation) => Finding[];

/** Everything that preflight checks, in the order in which people read it. */
export const PREFLIGHT_CHECKS: readonly Check[] = [
  permissionMissing,
  controlPlaneNotReady,
  bundleUnreadable,
  anchorExpired,
  storesDiffer,
  issuerUnfit,
  suppliedCertificatesUnfit,
  alreadyExpired,
  rotationLeftBehind,
  strategyTooSlow,
  anotherWriter,
  helmWouldRevert,
  injectionBroken,
  injectorMayBeSkipped,
  proxyUnreadable,
  leafUnderNoAnchor,
  workloadCannotRoll,
];

export function preflightFindings(observation: PreflightObservation): Finding[] {
  return PREFLIGHT_CHECKS.flatMap((check) => check(observation));
}

const CLUSTER: Subject = { kind: 'cluster', name: 'cluster' };

function permissionMissing({ missingPermissions }: PreflightObservation): Finding[] {
  return missingPermissions.map(({ what, neededFor }) => ({
    reason: 'PermissionMissing',
    severity: 'block',
    message: `reroot may not ${what}; needed for: ${neededFor}`,
    subject: CLUSTER,
    hint: 'apply deploy/rbac.yaml of this version',
  }));
}

function controlPlaneNotReady(observation: PreflightObservation): Finding[] {
  const { deployments, linkerdNamespace } = observation;
  return deployments
    .filter(({ ready, wanted }) => ready < wanted || wanted === 0)
    .map(({ name, ready, wanted }) => ({
      reason: 'ControlPlaneNotReady',
      severity: unlessBroken(observation),
      message: `${ready} of ${wanted} replicas are ready`,
      subject: { kind: 'workload', name: `${linkerdNamespace}/Deployment/${name}` },
      hint: 'a rotation needs a healthy control plane at every step: repair it first',
    }));
}

function bundleUnreadable({ stores }: PreflightObservation): Finding[] {
  return stores.flatMap(({ store, fatal, problems, anchors }) => {
    const subject: Subject = { kind: 'object', name: store };
    const findings: Finding[] = problems.map(({ reason, message }) => ({ reason, severity: 'warn', message, subject }));
    if (fatal !== undefined) {
      findings.push({
        reason: 'BundleUnreadable',
        severity: 'block',
        message: `the identity process cannot read it: ${fatal}`,
        subject,
        hint: 'write certificates only, with at most one newline at the end',
      });
    }
    if (anchors.length === 0) {
      findings.push({ reason: 'BundleEmpty', severity: 'block', message: 'it holds no certificate', subject });
    }
    return findings;
  });
}

/** Proxies ignore it, and identity needs only the one that its issuer is under: `alreadyExpired` has that. */
function anchorExpired({ stores, now }: PreflightObservation): Finding[] {
  return stores.slice(0, 1).flatMap(({ store, anchors }) =>
    anchors
      .filter(({ notAfter }) => Date.parse(notAfter) <= now.getTime())
      .map(({ commonName, notAfter, fingerprint }) => ({
        reason: 'AnchorExpired',
        severity: 'warn' as const,
        message: `anchor ${commonName} (${fingerprint.slice(0, 12)}) expired at ${notAfter}`,
        subject: { kind: 'object' as const, name: store },
        hint: 'identity issues nothing under it; `linkerd check` fails while it is there',
      })),
  );
}

function storesDiffer({ stores }: PreflightObservation): Finding[] {
  const [authoritative, ...copies] = stores;
  const set = (facts: StoreFacts) =>
    facts.anchors
      .map(({ fingerprint }) => fingerprint)
      .toSorted()
      .join();
  return copies
    .filter((copy) => authoritative && copy.anchors.length > 0 && set(copy) !== set(authoritative))
    .map((copy) => ({
      reason: 'CopiesDiffer',
      severity: 'warn',
      message: `its anchors are not those of ${authoritative?.store}: a \`linkerd upgrade\` would change the mesh's trust`,
      subject: { kind: 'object', name: copy.store },
      hint: 'each store keeps what is foreign in it; the new root is added to all, the old one removed from all',
    }));
}

function issuerUnfit({ issuer, linkerdNamespace, recovery }: PreflightObservation): Finding[] {
  return issuer.problems.map(({ reason, severity, message, hint }) => ({
    reason,
    severity: severity === 'error' && !(recovery && reason === 'Expired') && reason !== SOON ? 'block' : 'warn',
    message: `the issuer in use: ${message}`,
    subject: { kind: 'object', name: `Secret ${linkerdNamespace}/linkerd-identity-issuer` },
    ...(hint ? { hint } : {}),
  }));
}

/** Of the certificates in use: whether the rotation is quick enough is for `strategyTooSlow` to say. */
const SOON = 'ExpiresDuringRotation';

function suppliedCertificatesUnfit({ supplied }: PreflightObservation): Finding[] {
  return supplied.map(({ reason, severity, message, hint }) => ({
    reason,
    severity: severity === 'error' ? 'block' : 'warn',
    message: `your certificates: ${message}`,
    subject: CLUSTER,
    ...(hint ? { hint } : {}),
  }));
}

/** Leaves end with their issuer: a rotation has to be through before, with time to spare for people. */
function strategyTooSlow({ deadline, now, recovery }: PreflightObservation): Finding[] {
  if (recovery) return [];
  const { strategy, ms, ways, expiries } = deadline;
  return expiries.flatMap(({ what, notAfter }) => {
    const left = Date.parse(notAfter) - now.getTime();
    if (left >= SPARE * ms || ms === 0) return [];
    const fitting = ways.filter((way) => left >= SPARE * way.ms).map(({ name }) => name);
    return [
      {
        reason: 'StrategyTooSlow',
        severity: 'block' as const,
        message: `${what} expires at ${notAfter}, in ${formatDuration(left)}; strategy ${strategy} may last ${formatDuration(ms)}`,
        subject: CLUSTER,
        hint:
          fitting.length > 0
            ? `in time: ${fitting.join(', ')}`
            : 'none is sure to be in time: standard is the quickest',
      },
    ];
  });
}

/** As long again as predicted. */
const SPARE = 2;

/** Something has expired: what is broken already, what repairs it, and which strategy can. */
function alreadyExpired({ recovery, proxies, now, linkerdNamespace }: PreflightObservation): Finding[] {
  if (!recovery) return [];
  const { what, strategy } = recovery;
  const ends = proxies.flatMap(({ leaf }) => (leaf ? [Date.parse(leaf.notAfter)] : []));
  const dead = ends.filter((end) => end <= now.getTime()).length;
  const last = ends.length > 0 ? new Date(Math.max(...ends)).toISOString() : 'long ago';
  const subject: Subject = { kind: 'object', name: `Secret ${linkerdNamespace}/linkerd-identity-issuer` };
  const fit = RECOVERY_STRATEGY[what];
  return [
    {
      reason: what === 'root' ? 'RootExpired' : 'IssuerExpired',
      severity: 'warn',
      message:
        `the ${what} has expired and identity issues nothing: new pods do not get ready, ${dead} of ${proxies.length} proxies ` +
        `have an expired leaf, and the last leaf ends at ${last}`,
      subject,
      hint:
        what === 'root'
          ? 'this rotation repairs identity first; proxies ignore the expiry of an anchor, so those with a leaf go on talking'
          : 'this rotation repairs identity first and then rolls everything; until then what is broken stays broken',
    },
    ...(strategy === fit || strategy === 'issuer'
      ? []
      : [
          {
            reason: 'StrategyUnfit',
            severity: 'block' as const,
            message: `strategy ${strategy} cannot repair an expired ${what}`,
            subject,
            hint:
              fit === 'bridge'
                ? 'use bridge: any other would give new pods leaves that the old ones refuse'
                : 'use standard: a bridge would carry the expired certificate',
          },
        ]),
  ];
}

function rotationLeftBehind({ leftBehind, linkerdNamespace, deadline }: PreflightObservation): Finding[] {
  if (!leftBehind) return [];
  const { of, bridgeNotAfter } = leftBehind;
  // what was made for one cannot be gone on with by the other: an issuer under a root that nobody trusts yet
  const isOther = (deadline.strategy === 'issuer') !== (of === 'issuer');
  const bomb = bridgeNotAfter
    ? `, with its bridge certificate in the issuer Secret: every leaf ends with that at ${bridgeNotAfter}`
    : '';
  return [
    {
      reason: 'RotationLeftBehind',
      severity: isOther ? 'block' : 'warn',
      message: `an earlier rotation of the ${of} was not brought to its end${bomb}`,
      subject: { kind: 'object', name: `Secret ${linkerdNamespace}/reroot-rotation` },
      hint: isOther
        ? `bring it to its end first, with \`${of === 'issuer' ? 'reroot rotate-issuer' : 'reroot rotate'}\`, or \`abort\` that`
        : 'a rotation that is started now goes on with it; `abort` goes back to the certificates of before it',
    },
  ];
}

/** In a recovery what is broken is what is to be repaired. */
function unlessBroken({ recovery }: PreflightObservation): Finding['severity'] {
  return recovery ? 'warn' : 'block';
}

function anotherWriter({ writers, waivers }: PreflightObservation): Finding[] {
  return writers.map(({ object, manager, will, certain, cure }) => {
    const name = waivableName(object);
    // a mark stays on an object when its writer has been stopped: that it has, a person says by a waiver
    const stopped = !certain && waivers.some(({ subject }) => subject === name);
    return {
      reason: 'AnotherWriter',
      severity: stopped ? 'warn' : 'block',
      message: [`${manager} writes it too and would revert or race the rotation`, ...will].join('; '),
      subject: { kind: 'object', name: object },
      hint: certain ? cure : `${cure}; when that is done, say so: \`waive\` ${name}`,
    };
  });
}

/** `ConfigMap linkerd/name` as waivers name things: `linkerd/ConfigMap/name`. */
function waivableName(object: string): string {
  return object.replace(/^(\S+) ([^/]+)\//, '$2/$1/');
}

function helmWouldRevert({ helmValue, linkerdNamespace }: PreflightObservation): Finding[] {
  if (helmValue === undefined) return [];
  return [
    {
      reason: 'HelmValues',
      severity: 'warn',
      message: 'installed by Helm: a `helm upgrade` with the values of today would bring the old root back',
      subject: { kind: 'cluster', name: linkerdNamespace },
      hint: `no \`helm upgrade\` during the rotation; the rotation's notes have the bundle to set as ${helmValue}, with both roots and then with the new one alone`,
    },
  ];
}

function injectionBroken({ rehearsal }: PreflightObservation): Finding[] {
  if (rehearsal.problem === undefined) return [];
  return [
    {
      reason: 'InjectionBroken',
      severity: 'block',
      message: `a dry run of a new meshed pod in namespace ${rehearsal.namespace} came back wrong: ${rehearsal.problem}`,
      subject: { kind: 'cluster', name: 'linkerd-proxy-injector' },
      hint: "look at the linkerd-proxy-injector pods and the webhook's certificate",
    },
  ];
}

function injectorMayBeSkipped({ webhookFailurePolicy }: PreflightObservation): Finding[] {
  if (webhookFailurePolicy !== 'Ignore') return [];
  return [
    {
      reason: 'WebhookFailureIgnored',
      severity: 'warn',
      message: 'failurePolicy of the injector webhook is Ignore: pods created while it is away start without a proxy',
      subject: { kind: 'cluster', name: 'linkerd-proxy-injector' },
      hint: 'reroot rolls nothing unless dry runs come back injected, and counts proxies afterwards',
    },
  ];
}

function proxyUnreadable(observation: PreflightObservation): Finding[] {
  const { proxies, waivers } = observation;
  return proxies
    .filter(({ problem, terminating, workload }) => {
      return (
        problem !== undefined && !terminating && !isWaived({ kind: 'workload', name: workloadName(workload) }, waivers)
      );
    })
    .map((proxy) => ({
      reason: 'ProxyUnreadable',
      severity: unlessBroken(observation),
      message: `its proxy cannot be proven: ${proxy.problem}`,
      subject: { kind: 'pod', name: `${proxy.namespace}/Pod/${proxy.pod}` },
      hint: 'repair the pod; reach pods with `--reach address` inside the cluster or `--reach port-forward`; or waive its workload',
    }));
}

function leafUnderNoAnchor(observation: PreflightObservation): Finding[] {
  const { proxies, anchors, waivers } = observation;
  return proxies
    .filter(({ leaf, workload }) => {
      const verified = leaf?.verifiesWith.some((anchor) => anchors.includes(anchor)) ?? true;
      return !verified && !isWaived({ kind: 'workload', name: workloadName(workload) }, waivers);
    })
    .map((proxy) => ({
      reason: 'LeafUnderNoAnchor',
      severity: unlessBroken(observation),
      message: 'the certificate it presents verifies with none of the anchors: its connections fail already',
      subject: { kind: 'pod', name: `${proxy.namespace}/Pod/${proxy.pod}` },
      hint: 'restart its workload before the rotation',
    }));
}

function workloadCannotRoll({ unrollable, waivers }: PreflightObservation): Finding[] {
  return unrollable
    .filter(({ workload }) => !isWaived({ kind: 'workload', name: workload }, waivers))
    .map(({ workload, reason, message, hint, ends }) => ({
      reason,
      severity: ends ? 'warn' : 'block',
      message,
      subject: { kind: 'workload', name: workload },
      hint,
    }));
}
