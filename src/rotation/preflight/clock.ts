import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';
import { CLUSTER } from './subjects.js';

const SECOND_MS = 1000;
/** The API server tells whole seconds, and answers take their time: less says nothing. */
const NOTICED_MS = 5 * SECOND_MS;
/** New certificates are valid from a minute ago on (src/pki/issue.ts); identity gives its leaves 20 s. Nobody is further apart. */
const TOLERATED_MS = 60 * SECOND_MS;

/** The clock of whoever runs reroot, or that of the API server, is wrong. */
export function clockSkewed({ skewMs = 0 }: PreflightObservation): Finding[] {
  const apart = Math.abs(skewMs);
  if (apart < NOTICED_MS) return [];
  const blocks = apart > TOLERATED_MS;
  const seconds = Math.round(apart / SECOND_MS);
  return [
    {
      reason: 'ClockSkew',
      severity: blocks ? 'block' : 'warn',
      message:
        `the clock here is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of the API server; ` +
        (blocks
          ? 'beyond a minute, what is valid for one of them may not be valid for the other'
          : "certificates are made and judged by the API server's"),
      subject: CLUSTER,
      hint: 'let NTP set the clock of the machine that runs reroot (`timedatectl`, `chronyc tracking`), or those of the control plane and its nodes, whichever is wrong',
    },
  ];
}
