import { formatDuration } from '../../ground/duration.js';
import { plain } from '../../ground/plain.js';

/**
 * When cert-manager renews a Certificate: pure rules (cert-manager pkg/util/pki/renewaltime.go; docs/usage/certificate of
 * its website).
 */

const HOUR_MS = 3_600_000;
/** `spec.duration` where it is left out: 90 days. */
const DEFAULT_DURATION_MS = 2160 * HOUR_MS;

const UNIT_MS: Record<string, number> = {
  h: HOUR_MS,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Milliseconds of a duration as Go writes it (`8760h0m0s`, `1.5h`); undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
    total += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return total;
}

/** What is read of a Certificate of cert-manager, as JSON has it. */
export interface CertManagerCertificate {
  metadata?: { namespace?: string; name?: string; resourceVersion?: string; generation?: number };
  spec?: {
    secretName?: string;
    secretTemplate?: { labels?: Record<string, string> };
    isCA?: boolean;
    duration?: string;
    renewBefore?: string;
    renewBeforePercentage?: number;
    issuerRef?: { group?: string; kind?: string; name?: string };
    privateKey?: { rotationPolicy?: string };
  };
  status?: {
    renewalTime?: string;
    notAfter?: string;
    revision?: number;
    /** Of the last attempt that failed; none since a success. */
    lastFailureTime?: string;
    conditions?: CertificateCondition[];
  };
}

export interface CertificateCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

type Spec = NonNullable<CertManagerCertificate['spec']>;

/** Life of a certificate, and how long after its issue it is renewed; both in milliseconds. */
export function renewalOf(spec: Spec = {}): { lifeMs: number; renewedAfterMs: number } {
  const lifeMs = parseGoDuration(spec.duration ?? '') ?? DEFAULT_DURATION_MS;
  const beforeMs = wantedBeforeMs(spec, lifeMs) ?? 0;
  const inLife = beforeMs > 0 && beforeMs < lifeMs;
  return { lifeMs, renewedAfterMs: lifeMs - (inLife ? beforeMs : lifeMs / 3) };
}

function wantedBeforeMs({ renewBefore = '', renewBeforePercentage }: Spec, lifeMs: number): number | undefined {
  return renewBeforePercentage === undefined ? parseGoDuration(renewBefore) : (lifeMs * renewBeforePercentage) / 100;
}

/** What a Certificate that writes the issuer Secret does to the mesh, for people. */
export function issuerRenewal(certificate: CertManagerCertificate): string {
  const { kind = 'Issuer', name = 'unknown' } = certificate.spec?.issuerRef ?? {};
  return `${renewal(certificate)}, signed by whatever CA ${plain(kind)} ${plain(name)} has then`;
}

/** What a Certificate whose Secret feeds the trust bundle does to the mesh, for people. */
export function rootRenewal(certificate: CertManagerCertificate): string {
  return `${renewal(certificate)}: the bundle changes then, and nothing is restarted that has to read it`;
}

function renewal({ metadata, spec, status }: CertManagerCertificate): string {
  const { lifeMs, renewedAfterMs } = renewalOf(spec);
  const at = status?.renewalTime ? ` at ${plain(status.renewalTime)}, and again` : '';
  return (
    `Certificate ${metadata?.namespace}/${metadata?.name} renews${at} ${formatDuration(renewedAfterMs)} after each issue` +
    ` (it is valid for ${formatDuration(lifeMs)})`
  );
}
