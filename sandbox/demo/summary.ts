import pc from 'picocolors';
import { shortFingerprint } from '../../src/cli/view/render.js';
import { formatDuration } from '../../src/ground/duration.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { type Demo, workflowUrl } from './options.js';
import type { Seen } from './witness.js';

/** The object that --json prints. */
export interface Result extends Omit<Seen, 'pairs'> {
  outcome: string;
  strategy: string;
  linkerd: string;
  workerKills: number;
  historyEvents: number;
  /** From the start to the end of the rotation. */
  seconds: number;
  workerPeakRssMb: number;
}

/** @param pairs ordered pairs of identities that shook hands */
export function summarize(demo: Demo, report: RotationReport, result: Result, pairs: number): void {
  const { options, out } = demo;
  const rows: [string, string][] = [
    ['old root', oldRoot(report, result)],
    ['new root', newRoot(report)],
    ['proxies', `${report.proxiesProven} proven from their processes and handshakes`],
    ...certificates(result),
    ['rollouts', `${result.dataPlaneRollouts} of each data-plane workload`],
    ['handshakes', `${result.handshakes} between ${pairs} pairs of identities, ${refusals(result)}`],
    ['worker', `killed ${result.workerKills} times; at most ${result.workerPeakRssMb} MB`],
    ['took', `${formatDuration(result.seconds * 1000)}: ${phases(report)}`],
    ['history', `${result.historyEvents} events`],
    ['look', options.keep ? workflowUrl(demo) : 'run with --keep to look around in the Temporal UI'],
  ];
  out.write(`\n${pc.bold(pc.green('Completed'))}\n`);
  for (const [name, value] of rows) out.write(`  ${pc.dim(name.padEnd(12))} ${value}\n`);
}

function oldRoot({ oldRoots }: RotationReport, { oldRootGone }: Result): string {
  const roots = oldRoots.map(({ fingerprint }) => shortFingerprint(fingerprint)).join(', ');
  return `${roots} ${oldRootGone ? 'gone from every proxy and from the bundle' : pc.red('still there')}`;
}

function newRoot({ newRoot: { fingerprint, commonName, notAfter } }: RotationReport): string {
  return `${pc.green(shortFingerprint(fingerprint))} ${commonName}, until ${notAfter.slice(0, 10)}`;
}

/** What its owner would look for after somebody else has driven cert-manager. */
function certificates({ certificatesReady, specChanges }: Result): [string, string][] {
  if (certificatesReady === undefined || specChanges === undefined) return [];
  const ready = certificatesReady ? pc.green('all are Ready') : pc.red('not all are Ready');
  const changes = `${specChanges} specs of Certificates, issuers and Bundles changed`;
  return [['cert-manager', `${ready}; ${specChanges === 0 ? changes : pc.red(changes)}`]];
}

function refusals({ refused }: Result): string {
  return refused === 0 ? pc.green('0 refused') : pc.red(`${refused} refused`);
}

function phases(report: RotationReport): string {
  const lasted = (from = '', to = ''): string => formatDuration(Date.parse(to) - Date.parse(from));
  return report.phases
    .filter(({ finishedAt }) => finishedAt)
    .map(({ phase, startedAt, finishedAt }) => `${phase} ${lasted(startedAt, finishedAt)}`)
    .join(', ');
}
