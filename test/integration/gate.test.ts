import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { encode } from '../../src/kubernetes/base64.js';
import { parseRotationSecret } from '../../src/records/rotation-secret.js';
import { issuerIn } from '../../src/records/issuer-states.js';
import { readInput } from '../../src/rotation/input.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { type OwnMesh, ownMesh } from './own-mesh.js';

/** The bridge's own activities, called by somebody who leaves its one gate out, or calls them in any order. */
let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh({ issuanceLifetime: '1h0m0s', probeRate: 200 })));
afterAll(async () => await mesh.stop());

it('steps that are called out of order break nothing: each proves by itself what its write depends on', async () => {
  const result = readInput({ strategy: 'bridge', approvals: 'none', timing: { poll: '250ms', issuerEvent: '20s' } });
  if (!result.ok) throw new Error(result.problems.join());
  const activities = createActivities({
    k8s: mesh.k8s,
    prober: { reach: 'address', concurrency: 64, timeoutMs: 5000 },
    temporalAddress: '',
  });
  const input = {
    settings: result.settings,
    course: { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' },
    linkerdNamespace: 'linkerd',
  } as const;
  const phase = { ...input, waivers: [], retry: 0 };
  const does = async <I, R>(activity: (given: I) => Promise<R>, given: I): Promise<R> =>
    (await new MockActivityEnvironment({ scheduledTimestampMs: Date.now() }).run(activity, given)) as R;
  const issuer = async (state: IssuerState, more: object = {}) =>
    await does(activities.writeIssuer, { ...input, ...more, state });
  const end = async (outcome: 'completed' | 'aborted') =>
    await does(activities.finish, {
      ...input,
      report: { outcome, approvals: [], waivers: [] } as unknown as RotationReport,
    });

  await does(activities.generate, input);
  await expect(does(activities.dropRetired, input)).rejects.toMatchObject({ type: 'BundleReverted' });
  await does(activities.addTarget, input);
  // nobody trusts the new root yet: no issuer under it, whichever strategy the caller is on
  const standard = { course: { ...input.course, strategy: 'standard' } };
  for (const more of [{}, standard]) {
    await expect(issuer('new', more)).rejects.toMatchObject({
      type: 'NotProven',
      message: expect.stringContaining('TargetNotTrusted') as string,
    });
  }
  await expect(end('completed')).rejects.toMatchObject({ type: 'StillNeeded' });
  await expect(end('aborted')).rejects.toMatchObject({ type: 'StillNeeded' });
  expect(await does(activities.discard, input)).toMatchObject({ discarded: false });

  const { swappedAt } = await issuer('bridge');
  expect((await does(activities.awaitIssuer, { ...phase, phase: 'bridge', swappedAt })).outcome).toBe('updated');
  // here it would wait: the gate says that no proxy presents both yet
  const gate = await does(activities.checkGate, { ...phase, phase: 'renew' });
  expect(gate).toMatchObject({ passed: false, proven: 0 });
  await expect(does(activities.dropRetired, input)).rejects.toMatchObject({ type: 'IssuerNeedsRetiredRoot' });
  const oneChain = { type: 'NotProven', message: expect.stringContaining('OneChainOnly') as string };
  await expect(issuer('crossover')).rejects.toMatchObject(oneChain);
  // and when somebody else has written the crossover all the same, the bundle keeps its root
  await writeCrossover();
  await expect(does(activities.dropRetired, input)).rejects.toMatchObject(oneChain);
  await does(activities.keepBridge, input);
  expect((await mesh.certificates()).bundle).toHaveLength(2);
  expect((await mesh.sandbox.mesh.probe()).refused).toBe(0);
});

/** As somebody with the right to write that Secret could. */
async function writeCrossover(): Promise<void> {
  const named = { name: 'linkerd-identity-issuer', namespace: 'linkerd' };
  const rotation = await mesh.k8s.core.readNamespacedSecret({ name: 'reroot-rotation', namespace: 'linkerd' });
  const pem = issuerIn('crossover', parseRotationSecret(rotation))?.certificatePem ?? '';
  const body = [{ op: 'replace', path: '/data/crt.pem', value: encode(pem) }];
  await mesh.k8s.core.patchNamespacedSecret({ ...named, body });
}
