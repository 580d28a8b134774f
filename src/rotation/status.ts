import { type HandOff, placeName } from './hand-off.js';
import type { Finding, Waiver } from './findings.js';
import { formatFinding } from './findings.js';
import { formatAlert } from './alerts.js';
import { markdown, markdownLines } from './markdown.js';
import { waitsOf } from './waits.js';
import type { HelmUpgrade } from '../ground/helm.js';
import { formatDuration } from '../ground/duration.js';
import type { Plan } from './plan.js';
import type { Phase, PhaseProgress } from './phases.js';
import type { Approval, RotationReport } from './report.js';
import type { CertificateFacts, GateResult, GenerateResult, ProxiesWait } from './payloads.js';
import type { ShownNamespace, UndoneRolls } from './rollout-payloads.js';
import type { Course } from './courses/course.js';
import type { Recovery } from './courses/recovery.js';

/** What the rotation waits for, in the terms a person needs: for what, since when, on whom, what to do. */
export interface Waiting {
  /**
   * `worker`: for a worker of the cluster. `renewal`: for proxies to renew their leaves, or be replaced, by themselves;
   * nobody has to do anything. `handOff`: for somebody else to write what is theirs. `window`: for the next of
   * `rollout.windows`; nobody has to do anything.
   */
  kind: 'approval' | 'attention' | 'handOff' | 'paused' | 'renewal' | 'window' | 'worker';
  for: string;
  /** ISO 8601. */
  since: string;
  on: string[];
  todo: string;
  /** With `approval`: what the approval is bound to. */
  planHash?: string;
  /** With `approval`: it is given on an object in the cluster, and no message counts. */
  inCluster?: true;
  /** With `handOff`: for whom, what has to be there, and what there is. */
  handOff?: HandOff;
  /** With `window`, ISO 8601: when it opens. */
  opens?: string;
}

/** Something that does not stop the rotation, and that a person has to hear of. */
export interface Alert {
  /** Stable CamelCase word to search and alert by. */
  reason: string;
  message: string;
  /** ISO 8601. */
  since: string;
  /** ISO 8601: when leaves would end, or identity would not start again. */
  deadline?: string;
}

/** The answer of the `status` query; also what the UI's current details are made of. */
export interface RotationStatus {
  workflowId: string;
  cluster: string;
  linkerdNamespace?: string;
  linkerdVersion?: string;
  strategy: string;
  phase: Phase;
  outcome: 'running' | 'completed' | 'aborted' | 'failed' | 'cancelled';
  /** The old root is leaving the bundle: no abort any more. */
  pastPointOfNoReturn: boolean;
  startedAt: string;
  phases: PhaseProgress[];
  plan?: Plan;
  roots?: GenerateResult;
  /** The gate of the phase as last looked at. */
  gate?: GateResult & { phase: string; at: string };
  /** Namespaces of the phase under way. */
  namespaces: ShownNamespace[];
  /** Rolls of a phase that others have put back without a trace: its next rollout has to know. */
  undone?: { phase: Phase; rolls: UndoneRolls };
  stragglers: Finding[];
  /** What a person should look at first of what is waited for. */
  waiting?: Waiting;
  /** What else is waited for: several namespaces may be stuck at a time. */
  alsoWaiting?: Waiting[];
  /** What will end leaves, or is going wrong, unless somebody acts in time. */
  alerts?: Alert[];
  /** What of the start has expired. */
  recovery?: Recovery;
  aborted?: RotationReport['aborted'];
  /** ISO 8601: until when the bridge certificate lasts; it is made anew in time. */
  bridgeNotAfter?: string;
  /** ISO 8601: when an organic rollout rolls what is left. */
  organicUntil?: string;
  /** Helm installs: what the release has to be given so that it renders what the rotation has written. */
  helm?: HelmUpgrade;
  /** What the wait for proxies under way remembers. */
  proxiesWait?: ProxiesWait;
  waivers: Waiver[];
  approvals: Approval[];
  notes: string[];
}

/** Stragglers that the UI's details name. */
const SHOWN = 20;
/** Characters of a finding with its hint. */
const LONGEST_FINDING = 2000;

const STATE_MARK = { pending: '·', running: '▶', done: '✔', aborted: '✖' } as const;

/** The phases of a rotation, in their order (docs/phases.md). */
export function phasesOf({ rows }: Pick<Course, 'rows'>): Phase[] {
  return ['preflight', 'generate', ...rows.map(({ phase }) => phase), 'finish'];
}

/** Markdown for the Temporal UI's "current details". All that is no word of ours goes through `markdown`. */
export function statusMarkdown(status: RotationStatus): string {
  const lines = [`**${markdown(headline(status))}**`, ''];
  for (const alert of status.alerts ?? []) lines.push(markdown(formatAlert(alert)), '');
  for (const waiting of waitsOf(status)) lines.push(...waitingLines(waiting), '');
  lines.push('| phase | | took |', '|---|---|---|');
  for (const phase of status.phases)
    lines.push(`| ${phase.phase} | ${STATE_MARK[phase.state]} ${phase.state} | ${took(phase)} |`);
  if (status.gate) {
    lines.push(
      '',
      markdown(
        `Gate of ${status.gate.phase}: ${status.gate.proven} of ${status.gate.proxies} proxies proven at ${status.gate.at}.`,
      ),
    );
  }
  lines.push(...ownerLines(status), ...certificateLines(status));
  for (const straggler of status.stragglers.slice(0, SHOWN))
    lines.push('', markdown(`⚠ ${formatFinding(straggler)}`, LONGEST_FINDING));
  if (status.stragglers.length > SHOWN) lines.push('', `⚠ and ${status.stragglers.length - SHOWN} more`);
  for (const note of status.notes) lines.push('', markdownLines(`ℹ ${note}`, LONGEST_FINDING));
  return lines.join('\n');
}

function ownerLines({ plan }: RotationStatus): string[] {
  return plan?.owners?.flatMap((owner) => ['', markdown(`Owner of the ${owner}.`, LONGEST_FINDING)]) ?? [];
}

function certificateLines({ roots, bridgeNotAfter }: RotationStatus): string[] {
  const lines: string[] = [];
  if (roots) {
    const which = roots.retire.length > 0 ? 'made by this rotation' : 'in use, and stays';
    lines.push(
      '',
      certificateLine(roots.root, which),
      ...roots.retire.map((old) => certificateLine(old, 'of the start')),
    );
  }
  if (bridgeNotAfter) lines.push('', markdown(`Bridge certificate until ${bridgeNotAfter}.`));
  return lines;
}

function waitingLines({ since, for: what, todo, on, handOff }: Waiting): string[] {
  return [
    markdown(`Waiting since ${since} for ${what}. ${todo}`, LONGEST_FINDING),
    '',
    ...on.map((item) => `- ${markdown(item, LONGEST_FINDING)}`),
    ...(handOff ? handOffLines(handOff) : []),
  ];
}

/** Characters of content in the UI's details; a longer one is printed by the CLI alone. */
const LONGEST_CONTENT = 6000;

/** Certificates in the place where they belong, for whoever copies them from the Temporal UI. */
function handOffLines({ places = [] }: HandOff): string[] {
  return places.flatMap((place) => {
    const { value, privateKey } = place;
    const key = privateKey && `With it, as ${privateKey.into}: ${privateKey.key} of Secret ${privateKey.secret}.`;
    const fits = value.length <= LONGEST_CONTENT;
    return [
      '',
      markdown(`${placeName(place)} has to be exactly${fits ? ':' : ' what `reroot hand-off` prints.'}`),
      ...(fits ? ['', '```', ...value.trimEnd().split('\n').map(pemLine), '```'] : []),
      ...(key ? ['', markdown(key)] : []),
    ];
  });
}

/** A line of PEM has nothing that ends a code block, nor anything else that is not seen. */
function pemLine(line: string): string {
  return line.replaceAll(/[^A-Za-z0-9+/=\- ]/g, '');
}

function certificateLine({ fingerprint, commonName }: CertificateFacts, which: string): string {
  return markdown(`Root \`${fingerprint.slice(0, 12)}\` (${commonName}), ${which}.`);
}

function headline({ cluster, phase, outcome, waiting }: RotationStatus): string {
  if (outcome !== 'running') return `Rotation of ${cluster}: ${outcome}`;
  return `Rotation of ${cluster}: ${phase}${waiting ? `, ${waiting.kind === 'paused' ? 'paused' : `waiting for ${waiting.kind}`}` : ''}`;
}

function took({ startedAt, finishedAt }: PhaseProgress): string {
  return startedAt && finishedAt ? formatDuration(Date.parse(finishedAt) - Date.parse(startedAt)) : '';
}
