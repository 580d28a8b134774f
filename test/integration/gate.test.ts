import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { readInput } from '../../src/rotation/input.js';
import type { IssuerState } from '../../src/rotation/courses/course.js';
import { type OwnMesh, ownMesh } from './own-mesh.js';
import { eventually } from './support.js';

/** The bridge's own activities, in their order, with its one gate left out. */
let mesh: OwnMesh;
beforeAll(async () => void (mesh = await ownMesh({ issuanceLifetime: '1h0m0s', probeRate: 200 })));
afterAll(async () => await mesh.stop());

it('a bridge that does not wait for every leaf to carry both chains breaks the mesh: the gate is what protects', async () => {
  const result = readInput({ strategy: 'bridge', timing: { poll: '250ms', issuerEvent: '20s' } });
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
  const issuer = async (state: IssuerState) => await does(activities.writeIssuer, { ...input, state });

  await does(activities.generate, input);
  await does(activities.addTarget, input);
  const { swappedAt } = await issuer('bridge');
  expect((await does(activities.awaitIssuer, { ...phase, phase: 'bridge', swappedAt })).outcome).toBe('updated');
  // here it would wait: the gate says that no proxy presents both yet
  const gate = await does(activities.checkGate, { ...phase, phase: 'renew' });
  expect(gate).toMatchObject({ passed: false, proven: 0 });
  expect((await mesh.sandbox.mesh.probe()).refused).toBe(0);

  // no prune that the issuer does not survive, no issuer that the bundle does not verify, whoever asks how late
  await expect(does(activities.dropRetired, input)).rejects.toMatchObject({ type: 'IssuerNeedsRetiredRoot' });
  await issuer('crossover');
  const crossover = await mesh.certificates();
  await does(activities.keepBridge, input);
  expect(await mesh.certificates()).toEqual(crossover);
  await does(activities.dropRetired, input);
  expect((await issuer('bridge')).written).toEqual([]); // past the point of no return nothing goes backwards
  const back = { ...input, course: { ...input.course, direction: 'back' }, state: 'previous' } as const;
  await expect(does(activities.writeIssuer, back)).rejects.toMatchObject({ type: 'IssuerUntrusted' });
  const controlPlane = { ...phase, phase: 'retire', namespace: 'linkerd' } as const;
  await does(activities.reinject, { ...controlPlane, only: ['linkerd-identity'] });
  await does(activities.reinject, { ...controlPlane, only: ['linkerd-proxy-injector'] });
  await does(activities.reinject, { ...phase, phase: 'retire', namespace: 'payments' });
  await eventually('refused handshakes', async () => (await mesh.sandbox.mesh.probe()).refused > 0);
});
