import { describe, expect, it } from 'vitest';
import { buildOf, workerIdentity } from '../../../../src/temporal/build.js';
import { type VersionFacts, versionText } from '../../../../src/cli/view/version.js';

const OWN = 'abababababab';
const OTHER = 'cdcdcdcdcdcd';
const client = {
  ...{ version: '0.8.0', workflows: OWN, node: 'v20.1.0', platform: 'linux-x64', temporalSdk: '1.24.0' },
  linkerd: '2.7 and newer',
};
const cluster = {
  apiServer: 'https://api',
  linkerd: { version: 'edge-26.6.3', namespace: 'linkerd', layout: 'D' },
  absent: [],
};
const text = (facts: Omit<VersionFacts, 'client'>) => versionText({ client, ...facts }, 'prod');

describe('versions', () => {
  it('of this program alone', () =>
    expect(text({})).toBe(
      'reroot 0.8.0 (build abababababab)\n  Node v20.1.0 on linux-x64, Temporal SDK 1.24.0\n  for Linkerd 2.7 and newer',
    ));
  it('of the cluster: what is not there, and who holds it', () => {
    expect(text({ cluster })).toContain('objects of deploy/: all are there');
    const holder = 'trust-root-prod';
    const seen = text({
      cluster: { ...cluster, absent: ['Lease/reroot'], holder, policyShortfall: 'it is not there' },
    });
    expect(seen).toContain('objects of deploy/: Lease/reroot not there');
    expect(seen).toContain('admission policy: it is not there');
    expect(seen).toContain('Lease held by trust-root-prod');
  });
  it('of workers: whether they run the workflows of this program', () => {
    const identities = [`1@a/reroot-0.8.0+${OWN}`, `2@b/reroot-0.8.0+${OTHER}`, `3@c/reroot-0.9.0+${OWN}`, '4@d'];
    const seen = identities.map((identity) => ({ identity, ...buildOf(identity) }));
    const lines = text({ cluster, workers: { server: 't:7233', taskQueue: 'reroot-prod', workers: seen } }).split('\n');
    expect(lines.slice(-4)).toEqual([
      '  1@a: reroot 0.8.0 (build abababababab), as this program',
      '  2@b: reroot 0.8.0 (build cdcdcdcdcdcd), not as this program',
      '  3@c: reroot 0.9.0 (build abababababab), not as this program',
      '  4@d: it does not say its version, as none before 0.8 does',
    ]);
  });
  it('of nobody', () => {
    expect(text({ cluster })).toContain('no Temporal server is configured');
    const none = { server: 't:7233', taskQueue: 'reroot-prod', workers: [] };
    expect(text({ cluster, workers: none })).toContain('none polls task queue reroot-prod');
    const away = { problem: 'no answer' };
    expect(text({ cluster: away, workers: away })).toMatch(/asked: no answer[\s\S]*asked for: no answer/);
  });
  it('show texts of others as plain lines', () =>
    expect(text({ cluster: { ...cluster, holder: 'a\u001B[2Jb' } })).not.toContain('\u001B[2J'));
});

describe('the name of a worker', () => {
  it('begins as the SDK would call it, and has version and build behind it', () => {
    const identity = workerIdentity({ version: '0.8.0', workflows: OWN });
    expect(identity).toMatch(new RegExp(`^${process.pid}@.+/reroot-0\\.8\\.0\\+${OWN}$`));
    expect(buildOf(identity)).toEqual({ version: '0.8.0', workflows: OWN });
  });
  it.each([
    ['1@a/reroot-0.8.0', { version: '0.8.0' }],
    ['1@a', undefined],
    ['reroot-worker@a', undefined],
  ])('%s', (identity, build) => expect(buildOf(identity)).toEqual(build));
});
