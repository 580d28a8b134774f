import { afterAll, beforeAll, expect, it } from 'vitest';
import { createVictims, removeVictims } from './rights/make-victims.js';
import { onObjects, writes } from './rights/objects.js';
import { leaseVersion, notRefused, refused } from './rights/tries.js';
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
