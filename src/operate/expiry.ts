import { formatDuration } from '../ground/duration.js';
import { LONGEST_SAYING, plain } from '../ground/plain.js';
import type { CertificateSeen } from '../rotation/overview.js';
import type { Notice } from './notices.js';

const DAY_MS = 86_400_000;
/** Days before its end at which people are told, and told again. */
const STEPS = [60, 30, 14, 7, 3, 1];
/**
 * The part of its life in which an end is near, where that is shorter than 60 days. cert-manager renews when a third is left:
 * with a fifth left that has failed. A bridge certificate is made anew at half of its life.
 */
const LAST_PART: Record<CertificateSeen['kind'], number> = { anchor: 1 / 3, issuer: 0.2, bridge: 0.2 };

const NAMES: Record<CertificateSeen['kind'], string> = {
  anchor: 'Trust anchor',
  issuer: 'The identity issuer',
  bridge: 'The bridge certificate',
};

const CURES: Record<CertificateSeen['kind'], string> = {
  anchor: 'Replace it in time: `reroot rotate`.',
  issuer: 'Who renews it is late, or nobody does: `reroot rotate-issuer` replaces it under the same root.',
  bridge: 'The rotation makes it anew at half of its life: look at what keeps it from that (`reroot status`).',
};

/** Certificates in use that end soon: a notice each, and another one at each step towards the end. */
export function expiring(
  certificates: readonly CertificateSeen[],
  { cluster, at }: { cluster: string; at: string },
): Notice[] {
  return certificates
    .filter(({ role }) => role !== 'other')
    .flatMap((certificate) => {
      const step = stepOf(certificate, at);
      return step === undefined ? [] : [notice(certificate, step, { cluster, at })];
    });
}

/**
 * How near the end is: milliseconds before it from which the notice stands; 0 when it is past; undefined while it is far.
 */
export function stepOf({ kind, notBefore, notAfter }: CertificateSeen, at: string): number | undefined {
  const end = Date.parse(notAfter);
  const left = end - Date.parse(at);
  const near = Math.min((STEPS[0] ?? 0) * DAY_MS, LAST_PART[kind] * (end - Date.parse(notBefore)));
  if (!(left <= near)) return undefined;
  if (left <= 0) return 0;
  const reached = STEPS.map((days) => days * DAY_MS).filter((step) => step < near && left <= step);
  return reached.at(-1) ?? near;
}

function notice(certificate: CertificateSeen, step: number, { cluster, at }: { cluster: string; at: string }): Notice {
  const { kind, fingerprint, commonName, notAfter } = certificate;
  const left = Date.parse(notAfter) - Date.parse(at);
  const when = step === 0 ? `has ended at ${notAfter}` : `ends at ${notAfter}, in ${formatDuration(left)}`;
  const message = `${NAMES[kind]} ${fingerprint.slice(0, 12)} (${plain(commonName)}) of cluster ${cluster} ${when}. ${CURES[kind]}`;
  return {
    key: ['TrustAnchorExpiring', kind, fingerprint, String(step)].join(' '),
    reason: 'TrustAnchorExpiring',
    type: 'Warning',
    message: plain(message, LONGEST_SAYING),
    since: new Date(Date.parse(notAfter) - step).toISOString(),
  };
}
