import pc from 'picocolors';
import type { Verification } from '../../evidence/verify.js';
import { plainly } from './terminal.js';

/** What was verified, a line each, and everything that does not hold. */
export function verificationText(verification: Verification): string {
  const { ok, checks } = plainly(verification);
  const lines = checks.flatMap(({ name, what, passed, problems, omitted }) => [
    passed ? `${pc.green('✔')} ${name}: ${what}` : `${pc.red('✖')} ${name}: it does not hold that ${what}`,
    ...problems.map((problem) => `    ${problem}`),
    ...(omitted === undefined ? [] : [`    and ${omitted} more`]),
  ]);
  const failed = checks.filter(({ passed }) => !passed).length;
  return [...lines, ok ? 'Everything holds.' : `${failed} of ${checks.length} checks do not hold.`].join('\n');
}
