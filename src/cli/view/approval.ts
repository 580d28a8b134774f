import pc from 'picocolors';
import type { CertificateFacts } from '../../rotation/payloads.js';
import type { RotationStatus } from '../../rotation/status.js';
import { waiverLines } from './attention.js';
import { renderPlan } from './render.js';
import { plainly } from './terminal.js';

/** All that an approval is bound to, for the person who is about to give it. */
export function renderApproval(seen: RotationStatus): string {
  const status = plainly(seen);
  const { plan, roots, waiting } = status;
  const { on = [], todo = '' } = waiting ?? {};
  return [
    ...(plan ? [renderPlan(plan), ''] : []),
    ...(roots
      ? [`  New root: ${rootText(roots.root)}`, ...roots.retire.map((old) => `  Goes:     ${rootText(old)}`)]
      : []),
    ...(status.waivers.length > 0 ? ['', ...waiverLines(status)] : []),
    ...(on.length > 0 ? ['', ...on.map((change) => pc.yellow(`  Since the last approval: ${change}`))] : []),
    '',
    `  ${todo}`,
  ].join('\n');
}

function rootText({ commonName, fingerprint, notAfter }: CertificateFacts): string {
  return `${commonName}, ${fingerprint}, until ${notAfter.slice(0, 10)}`;
}
