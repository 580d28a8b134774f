import { describe, expect, it } from 'vitest';
import { pause, reportProgress } from '../../../activities/kit/heartbeat.js';
import { named } from '../../../activities/preflight.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { preflightFindings } from '../../../src/rotation/preflight/index.js';
import { notReady } from '../../../workflows/begin.js';
import { HEALTHY } from '../rotation/preflight/support.js';
import { proxy, without } from '../rotation/support.js';

const LIMIT = 256 * 1024;

const finding = (reason: string, severity: Finding['severity'], name: string): Finding => ({
  ...{ reason, severity, message: 'm' },
  subject: { kind: 'pod', name },
});

describe('what preflight finds in a large mesh', () => {
  it('fits into a payload when no proxy can be read', () => {
    const proxies = Array.from({ length: 20_000 }, (_, index) => ({
      ...without(proxy({ uid: `u${index}`, pod: `web-${index}` }), 'leaf'),
      problem: 'connect ETIMEDOUT 10.1.2.3:4191, which is not where this worker can reach it',
    }));
    const result = named(preflightFindings({ ...HEALTHY, proxies }));
    expect(JSON.stringify(result).length).toBeLessThan(LIMIT);
    const { length } = result.findings;
    expect(length).toBeGreaterThan(50);
    expect(result.findingsOmitted).toEqual({ ProxyUnreadable: 20_000 - length });
    expect(result.findings[0]?.hint).toContain('--reach');
  });
  it('names what blocks before what does not, in the order in which people read it', () => {
    const warnings = Array.from({ length: 500 }, (_, index) => finding('ProxyUnreadable', 'warn', `young-${index}`));
    const last = [finding('BarePod', 'block', 'bare'), finding('ProxyUnreadable', 'block', 'old')];
    const { findings, findingsOmitted } = named([...warnings, ...last]);
    expect(findings.slice(-2)).toEqual(last);
    expect(findings).toHaveLength(100);
    expect(findingsOmitted).toEqual({ ProxyUnreadable: 402 });
  });
  it('is cut where another program has said too much', () => {
    const long = { ...finding('BarePod', 'block', 'bare'), message: 'x'.repeat(100_000) };
    expect(named([long]).findings[0]?.message).toHaveLength(1000);
  });
  it('is refused with what blocks alone, and how many more of that there are', () => {
    const findings = [finding('BarePod', 'block', 'bare'), finding('ProxyUnreadable', 'warn', 'young')];
    const { message, details } = notReady({ findings, findingsOmitted: { BarePod: 1200, ProxyUnreadable: 7 } });
    expect(message).toContain('- and 1,200 more BarePod');
    expect(message).not.toContain('ProxyUnreadable');
    expect(details).toEqual([[findings[0]]]);
  });
  it('is whole in a small one', () => {
    const few = [finding('BarePod', 'block', 'bare')];
    expect(named(few)).toEqual({ findings: few });
  });
});

describe('a look from a shell, where nobody listens to an activity', () => {
  it('waits, and reports to nobody', async () => {
    reportProgress({ phase: 'preflight' });
    await expect(pause(1)).resolves.toBeUndefined();
  });
});
