import { formatDuration } from '../ground/duration.js';
import { formatAlert } from './alerts.js';
import { markdown, markdownLines } from './markdown.js';
import type { Alert, Waiting } from './status.js';
import type { CertificateFacts } from './payloads.js';
import { type RenewalLook, seenText } from './watch.js';
import { type Ahead, dueAt, endText, lastingRoot } from './watch-expiry.js';

/** The rotation that a watch has started last. */
export interface WatchedRotation {
  workflowId: string;
  /** Of its first run. */
  runId: string;
  /** Fingerprint of the root that it is for: for one root no second is started unasked. */
  root: string;
  /** ISO 8601. */
  startedAt: string;
  /** How it ended, once that is known here. */
  outcome?: 'completed' | 'aborted' | 'failed';
  /** With `failed`: why. */
  message?: string;
}

/** A person's word that the rotation may begin. */
export interface WatchApproval {
  root: string;
  claimedBy?: string;
  reason?: string;
  /** ISO 8601. */
  at: string;
}

/** The answer of the watch's `status` query; also what the UI's current details are made of. */
export interface WatchStatus {
  workflowId: string;
  cluster: string;
  /** ISO 8601, of the first run. */
  startedAt: string;
  /** Milliseconds. */
  every: number;
  onRenewal: 'rotate' | 'ask';
  /** Milliseconds before their ends that root and issuer are replaced; absent: what expires is nothing to this watch. */
  ahead?: Ahead;
  /** What the last look has seen. */
  look?: RenewalLook;
  waiting?: Waiting;
  alerts?: Alert[];
  rotation?: WatchedRotation;
  approval?: WatchApproval;
  /** Fingerprint of the certificate that is asked about: what `approve` has to name. */
  asks?: string;
  /** Fingerprint of the certificate for which the last rotation has ended in vain: no second is started unasked. */
  told?: string;
  notes: string[];
}

/** What a watch ends with: one look of a Schedule, or one that somebody has stopped. */
export interface WatchReport {
  cluster: string;
  /** In a sentence: what the last look has seen. */
  seen: string;
  look: RenewalLook;
  rotation?: WatchedRotation;
  /** As in the status. */
  ahead?: Ahead;
  alerts?: Alert[];
  notes: string[];
}

/** Characters of a note. */
const LONGEST = 2000;

/** What a watch does when the root has renewed itself, for people. */
export const AFTER_RENEWAL: Record<WatchStatus['onRenewal'], string> = {
  rotate: 'starts the rotation',
  ask: 'asks before it starts the rotation',
};

/** For people, a line each; the CLI and the Temporal UI show the same. */
export function watchLines(status: WatchStatus): string[] {
  const { cluster, every, onRenewal, startedAt, look, rotation, ahead } = status;
  return [
    `Watch of ${cluster} since ${startedAt}: looks every ${formatDuration(every)}, and ${AFTER_RENEWAL[onRenewal]} when the root has renewed itself.`,
    ...(ahead ? [aheadText(ahead)] : []),
    ...(look ? [`At ${look.at}: ${seenText(look)}.`] : []),
    ...(look && ahead ? endLines(look, ahead) : []),
    ...(rotation ? [rotationText(rotation)] : []),
  ];
}

function aheadText({ before, issuerBefore }: Ahead): string {
  return `It replaces a root that nothing renews ${formatDuration(before)} before it expires, and an issuer of reroot's ${formatDuration(issuerBefore)} before.`;
}

/** The certificates in use, each with its end, and with the day on which it is due. */
export function endLines(look: RenewalLook, { before, issuerBefore }: Ahead): string[] {
  const { expiry, certificate, renewalTime } = look;
  const root = lastingRoot(look);
  if (!expiry || !root) return [];
  const { issuer, issuerRenewalTime, bridge, owners } = expiry;
  const due = (facts: CertificateFacts, ms: number) => `due at ${new Date(dueAt(facts, ms)).toISOString()}`;
  const renewed = (at: string | undefined) => `cert-manager renews it${at === undefined ? '' : ` at ${at}`}`;
  const issuerDue = owners.issuer === 'certManager' ? renewed(issuerRenewalTime) : due(issuer, issuerBefore);
  return [
    `Root ${endText(root, look)}; ${certificate === undefined ? due(root, before) : renewed(renewalTime)}.`,
    `Issuer ${endText(issuer, look)}; ${issuerDue}.`,
    ...(bridge ? [`Bridge certificate ${endText(bridge, look)}.`] : []),
  ];
}

function rotationText({ workflowId, startedAt, root, outcome, message }: WatchedRotation): string {
  const how = outcome ? `it has ${outcome}${message ? `: ${message}` : ''}` : 'it is under way';
  return `Rotation ${workflowId}, started at ${startedAt} for ${root.slice(0, 12)}: ${how}.`;
}

/** Markdown for the Temporal UI's "current details". */
export function watchMarkdown(status: WatchStatus): string {
  const { waiting, alerts = [], notes } = status;
  const [headline = '', ...lines] = watchLines(status);
  return [
    `**${markdown(headline, LONGEST)}**`,
    ...alerts.map((alert) => markdown(formatAlert(alert), LONGEST)),
    ...(waiting
      ? [
          markdown(`Waiting since ${waiting.since} for ${waiting.for}. ${waiting.todo}`, LONGEST),
          waiting.on.map((item) => `- ${markdown(item, LONGEST)}`).join('\n'),
        ]
      : []),
    ...lines.map((line) => markdown(line, LONGEST)),
    ...notes.map((note) => markdownLines(`ℹ ${note}`, LONGEST)),
  ].join('\n\n');
}
