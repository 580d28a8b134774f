import pc from 'picocolors';
import type { RotationReport } from '../../rotation/report.js';
import { shortFingerprint } from './render.js';

/** How a rotation ended, in a few lines. */
export function reportText(report: RotationReport): string {
  return report.outcome === 'aborted' ? abortedText(report) : completedText(report);
}

function abortedText({ aborted, proxiesProven }: RotationReport): string {
  const { phase = '', reason } = aborted ?? {};
  const why = reason ? ` (${reason})` : '';
  return `\n${pc.yellow('Aborted')} in ${phase}${why}: the certificates of the start are back. ${proxiesProven} proxies proven.`;
}

function completedText(report: RotationReport): string {
  const { proxiesProven, newRoot, linkerdNamespace, waivers } = report;
  return [
    '',
    `${pc.green('Completed.')} ${proxiesProven} proxies proven under ${shortFingerprint(newRoot.fingerprint)} (${newRoot.commonName}), ` +
      `valid until ${day(newRoot.notAfter)}. ${replacedText(report)}.`,
    `The report is in ConfigMap ${linkerdNamespace}/reroot-report.`,
    ...waivers.map(({ subject, reason }) => `${pc.yellow('Not proven:')} ${subject}, waived: ${reason}`),
  ].join('\n');
}

function replacedText({ oldRoots, newIssuer }: RotationReport): string {
  if (oldRoots.length === 0) return `The root stays; the new issuer is valid until ${day(newIssuer.notAfter)}`;
  const roots = oldRoots.map(({ fingerprint, commonName }) => `${shortFingerprint(fingerprint)} (${commonName})`);
  return `Removed: ${roots.join(', ')}`;
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
