import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVictims, removeVictims } from './rights/make-victims.js';
import { onObjects, writes } from './rights/objects.js';
import { leaseVersion, notRefused, refused } from './rights/tries.js';
import { k8s, reroot } from './support.js';
import { TARGETS } from './rights/victims.js';
import { onWorkload, rolls } from './rights/workloads.js';

/** A sample of test/all/hostile-rights.test.ts: all that may happen to one kind of workload, and to reroot's objects. */
const [DEPLOYMENT] = TARGETS;
const sample = DEPLOYMENT ? [DEPLOYMENT] : [];

beforeAll(async () => await createVictims(sample));
afterAll(async () => await removeVictims());

it("with the worker's token a workload is rolled, and nothing else in it is changed", async () => {
  expect(await notRefused(sample.flatMap(onWorkload), 'policy')).toEqual([]);
  expect(await refused(sample.flatMap(rolls))).toEqual([]);
});

it("with the worker's token a rotation's own keys are written, and nothing else beside them", async () => {
  expect(await notRefused(onObjects(await leaseVersion()), 'policy')).toEqual([]);
  expect(await refused(writes(await leaseVersion()), { dryRun: true })).toEqual([]);
});

interface Found {
  reason: string;
  severity: string;
  message: string;
}

async function policyFindings(): Promise<Found[]> {
  const { stdout, stderr } = await reroot(['preflight', '-o', 'json']);
  const { findings } = JSON.parse(stdout || stderr) as { findings: Found[] };
  return findings.filter(({ reason }) => reason === 'AdmissionPolicyAbsent');
}

it('preflight says when the policy denies nothing, and blocks nothing for that', async () => {
  const name = 'reroot';
  const actions = async (value: string[]) =>
    await k8s.admission.patchValidatingAdmissionPolicyBinding({
      name,
      body: [{ op: 'replace', path: '/spec/validationActions', value }],
    });
  expect(await policyFindings()).toEqual([]);
  await actions(['Audit']);
  try {
    expect(await policyFindings()).toMatchObject([
      { severity: 'warn', message: expect.stringContaining('deny') as string },
    ]);
  } finally {
    await actions(['Deny']);
  }
});
