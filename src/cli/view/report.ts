import pc from 'picocolors';
import type { Waiver } from '../../rotation/findings.js';
import type { RotationReport } from '../../rotation/report.js';
import { day } from './dates.js';
import { shortFingerprint } from './render.js';
import { plainly } from './terminal.js';

/** How a rotation ended, in a few lines. */
export function reportText(written: RotationReport): string {
  const report = plainly(written);
  return report.outcome === 'aborted' ? abortedText(report) : completedText(report);
}

function abortedText({ aborted, proxiesProven, oldRoots }: RotationReport): string {
  const { phase = '', reason } = aborted ?? {};
  const why = reason ? ` (${reason})` : '';
  const ends = oldRoots.map(
    ({ fingerprint, notAfter }) => ` Root ${shortFingerprint(fingerprint)} ends on ${day(notAfter)}.`,
  );
  return (
    `\n${pc.yellow('Aborted')} in ${phase}${why}: the certificates of the start are back. ` +
    `${proxiesProven} proxies proven.${ends.join('')}`
  );
}

function completedText(report: RotationReport): string {
  const { proxiesProven, newRoot, linkerdNamespace, waivers } = report;
  return [
    '',
    `${pc.green('Completed.')} ${proxiesProven} proxies proven under ${shortFingerprint(newRoot.fingerprint)} (${newRoot.commonName}), ` +
      `valid until ${day(newRoot.notAfter)}. ${replacedText(report)}.`,
    nextEndText(report),
    `The report is in ConfigMap ${linkerdNamespace}/reroot-report.`,
    ...waivers.map(waiverText),
  ].join('\n');
}

function replacedText({ oldRoots, newIssuer }: RotationReport): string {
  if (oldRoots.length === 0) return `The root stays; the new issuer is valid until ${day(newIssuer.notAfter)}`;
  const roots = oldRoots.map(({ fingerprint, commonName }) => `${shortFingerprint(fingerprint)} (${commonName})`);
  return `Removed: ${roots.join(', ')}`;
}

/** What ends next, and what to do before, so that nothing expires unnoticed. */
function nextEndText({ cluster, newRoot, newIssuer }: RotationReport): string {
  const rotate = `\`reroot rotate --cluster ${cluster}\``;
  if (Date.parse(newIssuer.notAfter) >= Date.parse(newRoot.notAfter))
    return `Next: root and issuer end on ${day(newRoot.notAfter)}: ${rotate} before then.`;
  return (
    `Next: the issuer ends on ${day(newIssuer.notAfter)}: \`reroot rotate-issuer --cluster ${cluster}\` before then ` +
    `(where the root's key is not kept: ${rotate}). The root ends on ${day(newRoot.notAfter)}.`
  );
}

/** A waiver of the rollout alone excuses nobody from proof. */
function waiverText({ subject, reason, gate, direction }: Waiver): string {
  if (gate === 'rollout') return `${pc.yellow('Rollout not waited for:')} ${subject}, waived: ${reason}`;
  const where = gate === undefined ? '' : ` at gate ${gate}${direction === 'back' ? ' of the way back' : ''}`;
  return `${pc.yellow('Not proven:')} ${subject}, waived${where}: ${reason}`;
}
