import { describe, expect, it } from 'vitest';
import { mayPass, patience } from '../../../../src/rotation/preflight/settling.js';
import type { Finding } from '../../../../src/rotation/findings.js';

const MINUTE_MS = 60_000;
const found = (reason: string, severity: Finding['severity'] = 'block'): Finding => ({
  ...{ reason, severity, message: '' },
  subject: { kind: 'cluster', name: '' },
});

describe('a mesh that preflight would refuse', () => {
  it('is waited for where all that blocks may be over in a moment', () => {
    expect(mayPass([found('ControlPlaneNotReady'), found('ProxyUnreadable'), found('AnotherWriter', 'warn')])).toBe(
      true,
    );
    expect(mayPass([found('ControlPlaneNotReady'), found('AnotherWriter')])).toBe(false);
    expect(mayPass([found('AnotherWriter', 'warn')])).toBe(false);
  });
  it('is waited for as long as a rollout where an earlier run was rolling it, shortly else, and not for a plan', () => {
    const asked = { planOnly: false, adopts: false, stuckAfterMs: 10 * MINUTE_MS };
    expect(patience(asked)).toBe(MINUTE_MS / 2);
    expect(patience({ ...asked, adopts: true })).toBe(10 * MINUTE_MS);
    expect(patience({ ...asked, planOnly: true })).toBe(0);
    expect(patience({ ...asked, stuckAfterMs: 1000 })).toBe(1000);
  });
});
