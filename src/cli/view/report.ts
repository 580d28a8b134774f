import pc from 'picocolors';
import { formatDuration } from '../../ground/duration.js';
import type { Waiver } from '../../rotation/findings.js';
import { predictedText } from '../../rotation/planned-phases.js';
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
    ...(report.owners ?? []),
    ...phaseLines(report),
    nextEndText(report),
    ...oldKeyLines(report),
    `The report is in ConfigMap ${linkerdNamespace}/reroot-report.`,
    ...waivers.map(waiverText),
  ].join('\n');
}

/** How long each phase took, beside what was predicted; a report of an earlier version does not say. */
function phaseLines({ phases }: RotationReport): string[] {
  return phases.flatMap(({ phase, tookMs, ...predicted }) => {
    if (tookMs === undefined) return [];
    const text = predictedText(predicted);
    return [
      pc.dim(`  ${phase.padEnd(10)} ${formatDuration(tookMs).padStart(7)}${text ? `  (predicted: ${text})` : ''}`),
    ];
  });
}

function replacedText({ oldRoots, newIssuer }: RotationReport): string {
  if (oldRoots.length === 0)
    return `The root stays${newIssuer ? `; the new issuer is valid until ${day(newIssuer.notAfter)}` : ''}`;
  const roots = oldRoots.map(({ fingerprint, commonName }) => `${shortFingerprint(fingerprint)} (${commonName})`);
  return `Removed: ${roots.join(', ')}`;
}

/** What ends next, and what to do before, so that nothing expires unnoticed. */
function nextEndText({ cluster, newRoot, newIssuer, renews }: RotationReport): string {
  const rotate = `\`reroot rotate --cluster ${cluster}\``;
  if (renews) return `Next: ${renews}`;
  if (!newIssuer) return `Next: the root ends on ${day(newRoot.notAfter)}: ${rotate} before then.`;
  if (Date.parse(newIssuer.notAfter) >= Date.parse(newRoot.notAfter))
    return `Next: root and issuer end on ${day(newRoot.notAfter)}: ${rotate} before then.`;
  return (
    `Next: the issuer ends on ${day(newIssuer.notAfter)}: \`reroot rotate-issuer --cluster ${cluster}\` before then ` +
    `(where the root's key is not kept: ${rotate}). The root ends on ${day(newRoot.notAfter)}.`
  );
}

/** What a person has to know of the key that is out of use; a report of an earlier version says nothing of it. */
function oldKeyLines({ oldKeyUsableUntil, oldKeyCopies, finishedAt, waivers }: RotationReport): string[] {
  if (oldKeyCopies === undefined) return [];
  const forWhom = waivers.length > 0 ? ' by a proxy that was proven (of those waived nobody knows)' : '';
  const until =
    oldKeyUsableUntil === undefined
      ? 'It is the key of the root in use: as long as that is trusted, whoever has a copy can sign for this mesh.'
      : Date.parse(oldKeyUsableUntil) <= Date.parse(finishedAt)
        ? `Nothing that it signs is trusted any more${forWhom}.`
        : `Whoever has a copy can sign for this mesh until ${oldKeyUsableUntil.slice(0, 16).replace('T', ' ')} UTC.`;
  return [`The old issuer's key: ${until} Copies that were not deleted:`, ...oldKeyCopies.map((copy) => `  - ${copy}`)];
}

/** A waiver of the rollout alone excuses nobody from proof. */
function waiverText({ subject, reason, gate, direction }: Waiver): string {
  if (gate === 'rollout') return `${pc.yellow('Rollout not waited for:')} ${subject}, waived: ${reason}`;
  const where = gate === undefined ? '' : ` at gate ${gate}${direction === 'back' ? ' of the way back' : ''}`;
  return `${pc.yellow('Not proven:')} ${subject}, waived${where}: ${reason}`;
}
