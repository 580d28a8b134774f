import { formatDuration } from '../../ground/duration.js';
import type { Finding } from '../findings.js';
import type { Owners } from '../owners.js';
import type { CertManagerFacts, PreflightObservation, RenewedFacts } from './observation.js';

/** What keeps cert-manager from being driven, each with what to do about it: nothing here is asked where reroot writes itself. */

/** What of cert-manager a rotation drives. */
interface Driven {
  facts: CertManagerFacts;
  /** Its Certificate is renewed for the new root. */
  root?: RenewedFacts | undefined;
  issuer?: RenewedFacts | undefined;
}

export function drivenIn({ owners, course, certManager, givesCertificates }: PreflightObservation): Driven | undefined {
  if (owners.issuer.kind !== 'certManager' || !certManager) return undefined;
  const { root, issuer } = certManager;
  return { facts: certManager, root: course.replaces === 'root' && !givesCertificates ? root : undefined, issuer };
}

/** cert-manager does not get done what is asked of it. */
export function certificateNotReady(observation: PreflightObservation): Finding[] {
  const { root, issuer } = drivenIn(observation) ?? {};
  return [root, issuer].flatMap((certificate) => (certificate ? notRenewed(certificate, observation) : []));
}

function notRenewed(certificate: RenewedFacts, { recovery }: PreflightObservation): Finding[] {
  const { name, notReady, abandoned } = certificate;
  const found = { reason: 'CertificateNotReady', subject: { kind: 'object', name } } as const;
  if (abandoned !== undefined) {
    return [
      {
        ...found,
        severity: 'block',
        message: `it ended at ${abandoned}, and cert-manager has not tried to renew it: it seems not to run`,
        hint: 'start cert-manager again: what has ended it renews at once, without a rotation; then run preflight again',
      },
    ];
  }
  if (notReady === undefined) return [];
  return [
    {
      ...found,
      severity: recovery ? 'warn' : 'block',
      message: `it is not Ready, so a renewal would not come to an end: ${notReady}`,
      hint: `see what it says (\`kubectl describe ${kubectlName(certificate)}\`), and repair its Issuer or cert-manager`,
    },
  ];
}

/** A renewal that keeps the key makes nothing new: whoever has the old key signs for the new certificate too. */
export function renewalKeepsKey(observation: PreflightObservation): Finding[] {
  const { root, issuer } = drivenIn(observation) ?? {};
  return [
    ...(root ? keptKey(root, 'RootKeyUnchanged', 'root') : []),
    ...(issuer ? keptKey(issuer, 'IssuerKeyUnchanged', 'issuer') : []),
  ];
}

function keptKey(certificate: RenewedFacts, reason: string, what: string): Finding[] {
  if (certificate.keepsKey === false) return [];
  const isSure = certificate.keepsKey === true;
  const says = isSure
    ? '`rotationPolicy: Never`: a renewal would keep the key'
    : 'it names no `rotationPolicy`, and cert-manager before 1.18 would keep the key';
  const found = { severity: isSure ? 'block' : 'warn', subject: { kind: 'object', name: certificate.name } } as const;
  const hint = `where its owner writes it: \`kubectl patch ${kubectlName(certificate)} --type merge -p '{"spec":{"privateKey":{"rotationPolicy":"Always"}}}'\``;
  return [{ reason, ...found, message: `${says}, and the new ${what} would be the old one with another date`, hint }];
}

/** Renewals that come by themselves while the rotation is under way. */
export function renewalDue(observation: PreflightObservation): Finding[] {
  const { root, issuer } = drivenIn(observation) ?? {};
  const { now, deadline } = observation;
  const { lastsMs } = deadline;
  if (lastsMs === 0) return [];
  const found: Finding[] = [];
  if (root && root.renewedAfterMs <= lastsMs) {
    found.push({
      reason: 'RootRenewsTooSoon',
      severity: 'block',
      message: `cert-manager renews it ${formatDuration(root.renewedAfterMs)} after each issue, and this rotation may last ${formatDuration(lastsMs)}: the next root would come in the middle`,
      subject: { kind: 'object', name: root.name },
      hint: `renew it later (\`spec.duration\`, \`spec.renewBefore\`), or take a strategy that is quicker`,
    });
  }
  if (issuer && root && isDue(issuer, now, lastsMs)) {
    found.push({
      reason: 'IssuerRenewalDue',
      severity: 'warn',
      message: `cert-manager renews it at ${issuer.renewalTime}, within the ${formatDuration(lastsMs)} that this rotation may last: reroot renews it first`,
      subject: { kind: 'object', name: issuer.name },
      hint: 'nothing has to be done: also a renewal in the middle is seen, and harms nobody',
    });
  }
  return found;
}

/** The owners, and whether the issuer's Certificate has to be renewed first, so that its own time does not come in the middle. */
export function ownersToGoBy(observation: PreflightObservation): Owners {
  const { owners, now, deadline } = observation;
  const { root, issuer } = drivenIn(observation) ?? {};
  const isFirst = root && issuer && isDue(issuer, now, deadline.lastsMs);
  return isFirst ? { ...owners, issuer: { ...owners.issuer, renewFirst: true } } : owners;
}

function isDue({ renewalTime }: RenewedFacts, now: Date, lastsMs: number): boolean {
  return renewalTime !== undefined && Date.parse(renewalTime) <= now.getTime() + lastsMs;
}

/** cert-manager has made a new root at its own time, and nobody has brought the mesh to it. */
export function rootUndriven(observation: PreflightObservation): Finding[] {
  const { root } = drivenIn(observation) ?? {};
  if (root?.fingerprint === undefined || goesOnWithEarlier(observation)) return [];
  return undriven(root.name, root.fingerprint, observation);
}

function undriven(name: string, fingerprint: string, observation: PreflightObservation): Finding[] {
  const known = observation.proxies.map(({ anchors }) => anchors).filter((anchors) => anchors !== undefined);
  const isTrusted = known.length === 0 || known.some((anchors) => anchors.includes(fingerprint));
  const isUnder = observation.issuerRoots.includes(fingerprint);
  if (isTrusted && isUnder) return [];
  if (isUnder && !known.some((anchors) => sharesOne(anchors, observation.issuerRoots)))
    return [rootAhead(name, fingerprint)];
  return [
    {
      reason: 'RootUndriven',
      severity: 'warn',
      message: `it has a new root (${fingerprint.slice(0, 12)}) that ${isTrusted ? 'the issuer in use is not under' : 'no proxy trusts yet'}: cert-manager has renewed it, and nobody has driven the rest`,
      subject: { kind: 'object', name },
      hint: 'this rotation takes that root and drives the rest; `reroot watch` does so unasked',
    },
  ];
}

function sharesOne(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.includes(one));
}

/** The identity that runs holds on to the issuer that it has; one that starts issues leaves that nobody verifies. */
function rootAhead(name: string, fingerprint: string): Finding {
  return {
    reason: 'RootAhead',
    severity: 'warn',
    message: `it has a new root (${fingerprint.slice(0, 12)}) that no proxy trusts yet, and the issuer is under it already: cert-manager has renewed both. An identity that starts now would issue leaves that everybody refuses`,
    subject: { kind: 'object', name },
    hint: 'do not restart identity by hand: this rotation first has that root certified by the one before it, so that everybody verifies its leaves, and drives the rest',
  };
}

function goesOnWithEarlier({ leftBehind }: PreflightObservation): boolean {
  return leftBehind !== undefined && (leftBehind.use !== 'unused' || leftBehind.named === true);
}

function kubectlName({ name }: RenewedFacts): string {
  const [namespace = '', certificate = ''] = name.replace(/^Certificate /, '').split('/');
  return `certificate -n ${namespace} ${certificate}`;
}
