import type { V1Pod } from '@kubernetes/client-node';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { injectedRightly } from '../../../activities/await-injection.js';
import type { Dependencies } from '../../../activities/kit/dependencies.js';
import type { PhaseContext } from '../../../activities/kit/stored-rotation.js';
import type { Finding } from '../../../src/rotation/findings.js';
import type { PhaseInput } from '../../../src/rotation/payloads.js';
import { request } from '../rotation/support.js';
import { NEW, OLD, refusal, trustPhase } from './fake-namespace.js';

/** A mesh with pods in some namespaces, whose injector gives new pods a bundle; both may change at each round. */
function rehearsing(rounds: { namespaces: string[]; pem: string; refused?: string }[]) {
  const asked: string[] = [];
  let round = -1;
  const now = () => rounds[Math.min(round, rounds.length - 1)] ?? { namespaces: [], pem: OLD, refused: '' };
  const k8s = {
    core: {
      listPodForAllNamespaces: async () => {
        round += 1;
        return { items: now().namespaces.map((namespace) => podIn(namespace, OLD)) };
      },
      listNamespacedPod: async () => ({ items: [] }),
      createNamespacedPod: async ({ namespace }: { namespace: string }) => {
        asked.push(namespace);
        if (!now().namespaces.includes(namespace))
          throw refusal('NotFound', 404, `namespaces "${namespace}" not found`);
        const { pem, refused } = now();
        if (refused) throw refusal('Invalid', 422, refused);
        return podIn(namespace, pem);
      },
    },
    admission: { listMutatingWebhookConfiguration: async () => ({ items: [] }) },
    apps: { readNamespacedDeployment: async () => ({ spec: { replicas: 1 } }) },
  };
  return { dependencies: { k8s } as unknown as Dependencies, asked };
}

function podIn(namespace: string, value: string): V1Pod {
  const env = [{ name: 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS', value }];
  return { metadata: { namespace, name: 'p' }, spec: { containers: [{ name: 'linkerd-proxy', env }] } };
}

async function awaited(dependencies: Dependencies, stuckAfter: number): Promise<Finding[]> {
  const { settings, ...rest } = request();
  const input: PhaseInput = {
    ...rest,
    settings: {
      ...settings,
      timing: { ...settings.timing, poll: 5 },
      rollout: { ...settings.rollout, stuckAfter },
    },
    linkerdNamespace: 'linkerd',
    phase: 'trust',
    waivers: [],
    retry: 0,
  };
  const phase: PhaseContext = trustPhase();
  const run = async () => await injectedRightly(dependencies, phase, input);
  return (await new MockActivityEnvironment().run(run)) as Finding[];
}

describe('the wait for the injector', () => {
  it('goes on in another namespace when that of its first rehearsal is deleted', async () => {
    const { dependencies, asked } = rehearsing([
      { namespaces: ['preview'], pem: OLD },
      { namespaces: ['shop'], pem: OLD },
      { namespaces: ['shop'], pem: NEW },
    ]);
    expect(await awaited(dependencies, 60_000)).toEqual([]);
    expect(new Set(asked)).toEqual(new Set(['reroot-rehearsal', 'preview', 'shop']));
  });
  it('ends in a finding when new pods come out wrong for too long', async () => {
    const { dependencies } = rehearsing([{ namespaces: ['shop'], pem: OLD }]);
    expect(await awaited(dependencies, 20)).toMatchObject([{ reason: 'InjectionBroken' }]);
  });
  it('says that nobody can know where no namespace takes a pod, and blocks nothing', async () => {
    const refused = 'images come from registry.corp';
    const { dependencies } = rehearsing([{ namespaces: ['shop'], pem: NEW, refused }]);
    expect(await awaited(dependencies, 60_000)).toMatchObject([
      { reason: 'RehearsalRefused', severity: 'warn', message: expect.stringContaining(refused) as string },
    ]);
  });
  it('does not believe that at once: whoever refuses may be away for a moment', async () => {
    const away = { namespaces: ['shop'], pem: NEW, refused: 'failed calling webhook "policies": EOF' };
    const { dependencies } = rehearsing([away, away, { namespaces: ['shop'], pem: NEW }]);
    expect(await awaited(dependencies, 60_000)).toEqual([]);
  });
});
