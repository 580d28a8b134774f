import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

/** Workloads that a message names. */
const NAMED = 10;

/** Proxies without an identity take no part in mTLS (until Linkerd 2.11: `disableIdentity`). */
export function identitySwitchedOff({ identityOff, proxies }: PreflightObservation): Finding[] {
  if (identityOff.length === 0) return [];
  const finding = { reason: 'IdentityOff', subject: CLUSTER };
  if (proxies.length === 0) {
    return [
      {
        ...finding,
        severity: 'block',
        message:
          'identity is switched off for every proxy of the mesh: nobody presents a certificate, so there is nothing to rotate',
        hint: 'switch it on first (value `disableIdentity`, annotation `config.linkerd.io/disable-identity`); from Linkerd 2.12 on it is always on',
      },
    ];
  }
  const more = identityOff.length > NAMED ? ` and ${identityOff.length - NAMED} more` : '';
  return [
    {
      ...finding,
      severity: 'warn',
      message: `identity is switched off for ${identityOff.length} of the workloads (${identityOff.slice(0, NAMED).join(', ')}${more}): they take no part in mTLS`,
      hint: 'nothing to do: they are left alone',
    },
  ];
}
