import { describe, expect, it } from 'vitest';
import { clusterRecords } from '../../../../activities/kit/cluster-records.js';
import { endFrom, otherwiseText, recordsOf } from '../../../../src/cli/session/from-cluster.js';
import { clusterWith } from '../../activities/cluster.js';

const certificate = {
  fingerprint: 'aa',
  commonName: 'root',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
};
const report = {
  ...{ outcome: 'completed', workflowId: 'trust-root-prod', runId: 'run', cluster: 'prod' },
  ...{
    startedAt: '2026-01-01T10:00:00Z',
    finishedAt: '2026-01-08T10:00:00Z',
    waivers: [],
    linkerdNamespace: 'linkerd',
  },
  ...{ newRoot: certificate, newIssuer: certificate, oldRoots: [certificate] },
};

/** A cluster in which a rotation has ended, and maybe another has begun. */
function cluster(said: object, holder?: string) {
  const fake = clusterWith();
  fake.put('ConfigMap/reroot-report', { data: { 'report.json': JSON.stringify(said) } });
  if (holder) {
    const annotations = { 'reroot.dev/workflow-id': holder, 'reroot.dev/temporal-address': 't:7233' };
    fake.put('Lease/reroot', { metadata: { annotations }, spec: { holderIdentity: `${holder}/run` } });
  }
  return fake.k8s;
}

describe('what the cluster keeps of a rotation', () => {
  it('is its end, when the Temporal server has forgotten it', async () => {
    const end = endFrom(await clusterRecords(cluster(report)), 'trust-root-prod');
    expect(end).toMatchObject({ outcome: 'completed', cluster: 'prod', again: 'reroot rotate --cluster prod', report });
    const issuer = { ...report, oldRoots: [] };
    expect(endFrom(await clusterRecords(cluster(issuer)), 'trust-root-prod')?.again).toContain('rotate-issuer');
  });
  it('is nothing of another rotation, but which that was, and who has the Lease', async () => {
    const records = await clusterRecords(cluster(report, 'trust-root-other'));
    expect(endFrom(records, 'mine')).toBeUndefined();
    const text = otherwiseText(records);
    expect(text).toContain('The last rotation that ended there is trust-root-prod (completed at 2026-01-08T10:00:00Z)');
    expect(text).toContain('Lease linkerd/reroot is held by workflow trust-root-other');
    expect(text).toContain('the next rotation takes it over');
  });
  it('is not the end of the one before, where the same workflow has the Lease', async () => {
    expect(endFrom(await clusterRecords(cluster(report, 'trust-root-prod')), 'trust-root-prod')).toBeUndefined();
  });
  it.each([[{}], [{ outcome: 'completed', workflowId: 'x' }], [{ ...report, oldRoots: 'none' }]])(
    'is nothing that is no report: %o',
    async (said) => expect((await clusterRecords(cluster(said))).report).toBeUndefined(),
  );
  it('is not read where there is no cluster at hand, and that is said', async () => {
    const records = await recordsOf({ KUBECONFIG: '/nowhere/config' });
    expect(otherwiseText(records)).toMatch(/own records could not be read: .*\/nowhere\/config/);
  });
});
