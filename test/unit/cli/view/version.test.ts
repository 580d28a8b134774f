import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/cli/session/build.js';
import { type VersionFacts, versionText } from '../../../../src/cli/view/version.js';

const OWN = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
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
      'reroot 0.8.0, workflows abababababab\n  Node v20.1.0 on linux-x64, Temporal SDK 1.24.0\n  for Linkerd 2.7 and newer',
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
    const seen = [{ identity: '1@a', workflows: OWN }, { identity: '2@b', workflows: OTHER }, { identity: '3@c' }];
    const lines = text({ cluster, workers: { server: 't:7233', taskQueue: 'reroot-prod', workers: seen } }).split('\n');
    expect(lines.slice(-3)).toEqual([
      '  1@a: workflows abababababab, those of this program',
      '  2@b: workflows cdcdcdcdcdcd, not those of this program',
      '  3@c: it does not say of which build it is',
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

describe('the build id of a worker', () => {
  it.each([
    [`@temporalio/worker@1.24.0+${OWN}`, OWN],
    ['@temporalio/worker@1.24.0', undefined],
    [undefined, undefined],
  ])('%s', (buildId, digest) => expect(digestOf(buildId)).toBe(digest));
});
