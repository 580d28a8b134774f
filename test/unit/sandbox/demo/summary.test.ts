import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { Demo } from '../../../../sandbox/demo/options.js';
import { type Result, summarize } from '../../../../sandbox/demo/summary.js';
import type { RotationReport } from '../../../../src/rotation/report.js';

const REPORT = {
  oldRoots: [{ fingerprint: 'a'.repeat(64) }],
  newRoot: { fingerprint: 'b'.repeat(64), commonName: 'root.linkerd.cluster.local', notAfter: '2036-01-01T00:00:00Z' },
  proxiesProven: 47,
  phases: [],
} as unknown as RotationReport;

function summary(more: Partial<Result>): string {
  let text = '';
  const out = { write: (chunk: string) => (text += chunk) };
  const demo = { options: {}, out } as unknown as Demo;
  const seen = { dataPlaneRollouts: 1, handshakes: 9, refused: 0, oldRootGone: true, workerKills: 3, seconds: 1 };
  summarize(demo, REPORT, { ...seen, ...more } as Result, 4);
  return stripVTControlCharacters(text);
}

it("a demo on cert-manager's certificates says what became of its objects; others have nothing to say", () => {
  expect(summary({ certificatesReady: true, specChanges: 0 })).toContain(
    'cert-manager all are Ready; 0 specs of Certificates, issuers and Bundles changed',
  );
  expect(summary({ certificatesReady: false, specChanges: 2 })).toContain('cert-manager not all are Ready; 2 specs');
  expect(summary({})).not.toContain('cert-manager');
});
