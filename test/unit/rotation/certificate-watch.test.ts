import { describe, expect, it } from 'vitest';
import { clear, formatAlert, raise } from '../../../src/rotation/alerts.js';
import {
  bridgeEnding,
  bridgeKeyMissing,
  bridgeNotKept,
  issuerEnding,
  isIssuerReplaced,
} from '../../../src/rotation/certificate-watch.js';
import { keyNotIn } from '../../../src/rotation/bridge-life.js';
import { COURSES } from '../../../src/rotation/courses/index.js';
import type { RotationStatus } from '../../../src/rotation/status.js';

const HOUR_MS = 3_600_000;
const END = '2026-03-10T00:00:00.000Z';

describe('what ends before the rotation can do without it', () => {
  it('is said of the issuer of the start when two leaf lives are left, with the date', () => {
    const issuer = { commonName: 'identity.start', notAfter: END };
    expect(issuerEnding(issuer, 24 * HOUR_MS, new Date('2026-03-07T23:00:00Z'))).toBeUndefined();
    expect(issuerEnding(issuer, 24 * HOUR_MS, new Date('2026-03-08T01:00:00Z'))).toMatchObject({
      reason: 'IssuerEnding',
      deadline: END,
    });
  });
  it('is not said of the issuer of the start any more once the new one is in place, unless the way is back', () => {
    const { course } = COURSES.bridge;
    const phases = (done: string[]) =>
      course.rows.map(({ phase }) => ({
        phase,
        state: done.includes(phase) ? ('done' as const) : ('running' as const),
      }));
    expect(isIssuerReplaced(course, { phases: phases(['trust', 'bridge', 'retire']) })).toBe(false);
    expect(isIssuerReplaced(course, { phases: phases(['trust', 'bridge', 'retire', 'issue']) })).toBe(true);
    const aborted = { phase: 'issue' as const, at: END };
    expect(isIssuerReplaced(course, { phases: phases(['issue']), aborted })).toBe(false);
  });
  it('is said of the bridge certificate, be it that it ends or that nobody can look after it', () => {
    expect(bridgeEnding(END)).toMatchObject({ reason: 'BridgeEnding', deadline: END });
    const missing = { why: keyNotIn('Secret linkerd/mine', 'it is gone'), canReturn: true };
    expect(bridgeKeyMissing(missing, END)).toMatchObject({ reason: 'BridgeKeyMissing', deadline: END });
    for (const { message } of [bridgeKeyMissing(missing, END), bridgeEnding(END, missing)])
      expect(message).toContain('is not in Secret linkerd/mine (it is gone): put it back there as ca.key.');
    expect(bridgeEnding(END).message).toContain('was discarded.');
    expect(bridgeNotKept({ type: 'IssuerReplaced', message: 'foreign' }, END)).toMatchObject({
      reason: 'BridgeNotKept',
      message: expect.stringContaining('foreign (IssuerReplaced)') as string,
      deadline: END,
    });
    expect(bridgeNotKept({ type: 'X', message: 'y' })).not.toHaveProperty('deadline');
  });
});

describe('alerts', () => {
  it('keep the time since which they stand, and go when it is over', () => {
    const status = {} as RotationStatus;
    raise(status, { reason: 'BridgeNotKept', message: 'one' }, '2026-01-01T00:00:00Z');
    raise(status, { reason: 'BridgeNotKept', message: 'two' }, '2026-01-02T00:00:00Z');
    expect(status.alerts).toEqual([{ reason: 'BridgeNotKept', message: 'two', since: '2026-01-01T00:00:00Z' }]);
    clear(status, 'BridgeNotKept');
    expect(status.alerts).toBeUndefined();
  });
  it('say when leaves end', () => {
    expect(formatAlert({ reason: 'BridgeEnding', message: 'Act.', since: '', deadline: END })).toBe(
      `⚠ BridgeEnding: Act. Leaves end at ${END}.`,
    );
  });
});
