import { describe, expect, it } from 'vitest';
import {
  fakeNamespace,
  NEW,
  OLD,
  ownedBy,
  refusal,
  rollFake,
  rollFakeAmongOthers,
  stray,
  workload,
} from './fake-namespace.js';

const SHORT = { stuckAfter: 60 };
const DENIED = `deployments.apps "api" is forbidden: ValidatingAdmissionPolicy 'frozen' with binding 'frozen' denied request: no changes on Fridays`;

describe.each([
  ['by itself', rollFake],
  ['among others', rollFakeAmongOthers],
])('a namespace that is rolled %s', (_way, rolled) => {
  describe('a namespace', () => {
    it('is rolled, once', async () => {
      const fake = fakeNamespace(workload('api'), workload('web'));
      expect(await rolled(fake)).toMatchObject({ rolled: 2, stragglers: [], workloadsDone: 2, proven: 4 });
      expect(fake.patched).toEqual(['api', 'web']);
      expect(await rolled(fake)).toMatchObject({ rolled: 0, stragglers: [] });
    });

    it.each([
      ['its label', { labels: { 'linkerd.io/proxy-deployment': 'web' } }, 'BarePod'],
      ['its owner', { ownerReferences: [ownedBy('Deployment', 'web')] }, 'BarePod'],
      ['its ReplicaSet', { ownerReferences: [ownedBy('ReplicaSet', 'web-1', 'made up')] }, 'BarePod'],
      ['its DaemonSet', { ownerReferences: [ownedBy('DaemonSet', 'agent', 'made up')] }, 'CustomController'],
    ])(
      'is not rolled for a pod that names one of its workloads as %s, and is not of it',
      async (_what, claims, reason) => {
        const right = [{ name: 'web-0', anchors: NEW, ready: true }];
        const fake = fakeNamespace(
          workload('web', { pods: right }),
          workload('agent', { kind: 'DaemonSet', pods: [{ name: 'agent-0', anchors: NEW, ready: true }] }),
        );
        fake.strays = [stray('planted', claims)];
        for (const retry of [0, 1])
          expect(await rolled(fake, { rollout: { ...SHORT, deletePods: true }, retry })).toMatchObject({
            rolled: 0,
            stragglers: [{ reason, subject: { name: 'shop/Pod/planted' } }],
          });
        expect(fake).toMatchObject({ patched: [], evicted: [] });
      },
    );

    it.each([
      ['puts back the pods of before, too', OLD, [/taken the mark of its roll off/]],
      ['leaves the new pods', NEW, []],
    ])('is rolled once where another writer takes the mark off again, and %s', async (_what, anchors, said) => {
      const web = workload('web');
      const fake = fakeNamespace(web);
      fake.onLook = () => {
        if (web.mark === undefined) return;
        delete web.mark;
        delete web.annotations['reroot.dev/rolled-at'];
        for (const pod of web.pods) pod.anchors = anchors;
      };
      const { rolled: count, stragglers } = await rolled(fake, { rollout: SHORT });
      expect(count).toBe(1);
      expect(fake.patched).toEqual(['web']);
      expect(stragglers).toMatchObject(
        said.map((message) => ({ reason: 'OutdatedAfterRollout', message: expect.stringMatching(message) as string })),
      );
    });

    it('is not rolled again by a later try, where the mark is off the template and its object still has it', async () => {
      const web = workload('web');
      const fake = fakeNamespace(web);
      await rolled(fake);
      delete web.mark;
      for (const pod of web.pods) pod.anchors = OLD;
      expect(await rolled(fake)).toMatchObject({ rolled: 0, stragglers: [{ reason: 'OutdatedAfterRollout' }] });
      expect(await rolled(fake, { retry: 1 })).toMatchObject({ rolled: 1, stragglers: [] });
      expect(fake.patched).toEqual(['web', 'web']);
    });

    it('ends also where evicted pods come back as they were, for ever', async () => {
      const agent = workload('agent', { kind: 'DaemonSet' });
      const fake = fakeNamespace(agent);
      fake.onEvict = () => queueMicrotask(() => agent.pods.forEach((pod) => (pod.anchors = OLD)));
      expect(await rolled(fake, { rollout: { deletePods: true } })).toMatchObject({
        stragglers: [{ reason: 'OutdatedAfterRollout', subject: { name: 'shop/DaemonSet/agent' } }],
      });
      expect(fake.evicted).toHaveLength(4); // each of two, twice
    });

    it('goes on when a Deployment is deleted between the look and the patch', async () => {
      const fake = fakeNamespace(workload('api'), workload('preview'), workload('web'));
      fake.onPatch = (name) => void (name === 'preview' && fake.workloads.delete(name));
      expect(await rolled(fake)).toMatchObject({ rolled: 2, stragglers: [], workloads: 2 });
      expect(fake.patched).toEqual(['api', 'web']);
    });

    it('gives the pods of a deleted Deployment time to go', async () => {
      const preview = workload('preview');
      const fake = fakeNamespace(preview);
      fake.onPatch = () => {
        fake.workloads.delete('preview');
        fake.orphans = [preview];
      };
      let looks = 0;
      fake.onLook = () => {
        looks += 1;
        if (looks === 3) fake.orphans = [];
      };
      const { stragglers, seen } = await rolled(fake);
      expect(stragglers).toEqual([]);
      expect(seen[1]?.waitingFor.join()).toContain('its Deployment is not there any more');
    });

    it.each([
      ['Invalid', 422],
      ['Forbidden', 403],
    ] as const)(
      'goes on when a policy refuses one of its workloads (%s), in the words of the policy',
      async (kind, status) => {
        const fake = fakeNamespace(workload('api'), workload('web'));
        fake.onPatch = (name) => {
          if (name === 'api') throw refusal(kind, status, DENIED);
        };
        const { stragglers, rolled: count } = await rolled(fake);
        expect(stragglers).toMatchObject([{ reason: 'RollRefused', subject: { name: 'shop/Deployment/api' } }]);
        expect(stragglers[0]?.message).toContain('no changes on Fridays');
        expect(count).toBe(1);
        expect(fake.patched).toEqual(['web']);
      },
    );

    it('names a hundred of its stragglers, however many there are', async () => {
      const fake = fakeNamespace(...Array.from({ length: 120 }, (_, index) => workload(`api-${index}`)));
      fake.onPatch = () => {
        throw refusal('Forbidden', 403, DENIED);
      };
      expect((await rolled(fake, { rollout: { ...SHORT, workloads: 50 } })).stragglers).toHaveLength(100);
    });

    it('rolls the others first while one is refused again and again', async () => {
      const fake = fakeNamespace(workload('api'), workload('web'));
      fake.onPatch = (name) => {
        if (name === 'api') throw refusal('Unavailable', 500, 'failed calling webhook "p": connection refused');
      };
      const { stragglers } = await rolled(fake, { rollout: { ...SHORT, workloads: 1 } });
      expect(stragglers).toMatchObject([{ reason: 'RollRefused', subject: { name: 'shop/Deployment/api' } }]);
      expect(fake.patched).toEqual(['web']);
    });

    it('makes a straggler of a workload that somebody changes all the time', async () => {
      const fake = fakeNamespace(workload('api'));
      fake.onPatch = () => {
        throw refusal('Invalid', 422, 'the server rejected our request due to an error in our request');
      };
      expect((await rolled(fake, { rollout: SHORT })).stragglers).toMatchObject([{ reason: 'RollRefused' }]);
    });

    it('ends with an error when the API server is in trouble, to be tried again', async () => {
      const fake = fakeNamespace(workload('api'));
      fake.onPatch = () => {
        throw refusal('Unavailable', 503, 'etcdserver: leader changed');
      };
      await expect(rolled(fake)).rejects.toThrow('leader changed');
    });

    it('counts all that it waits for, and names few', async () => {
      const fake = fakeNamespace(...Array.from({ length: 7 }, (_, index) => workload(`w${index}`)));
      const { seen } = await rolled(fake);
      expect(seen[0]?.waitingFor).toHaveLength(6);
      expect(seen[0]?.waitingFor.at(-1)).toBe('and 2 more workloads');
    });
  });

  describe('the injector', () => {
    it('is waited for before anything is rolled', async () => {
      const fake = fakeNamespace(workload('api'), workload('web'));
      fake.injectors = 0;
      const patchedAt: number[] = [];
      fake.onLook = () => {
        patchedAt.push(fake.patched.length);
        if (patchedAt.length === 4) fake.injectors = 1;
      };
      const { stragglers, seen, proven } = await rolled(fake);
      expect(patchedAt.slice(0, 4)).toEqual([0, 0, 0, 0]);
      expect(seen[0]?.waitingFor[0]).toBe('shop/Deployment/api: the proxy injector is not ready');
      expect(stragglers).toEqual([]);
      expect(proven).toBe(4);
    });

    it('makes stragglers when it stays away', async () => {
      const fake = fakeNamespace(workload('api'));
      fake.injectors = 0;
      expect((await rolled(fake, { rollout: SHORT })).stragglers).toMatchObject([{ reason: 'InjectorDown' }]);
      expect(fake.patched).toEqual([]);
    });

    it('is missed where pods came back without a proxy, and a retry rolls them once more', async () => {
      const fake = fakeNamespace(workload('api'), workload('web'));
      fake.onPatch = (name) => void (fake.injectors = name === 'api' ? 0 : 1);
      const { stragglers } = await rolled(fake, { rollout: SHORT });
      expect(stragglers).toMatchObject([
        {
          reason: 'ProxyLost',
          message: '2 of its 2 pods came back without a proxy',
          subject: { name: 'shop/Deployment/api' },
        },
      ]);
      fake.onPatch = () => undefined;
      expect(await rolled(fake, { rollout: SHORT })).toMatchObject({
        stragglers: [{ reason: 'ProxyLost' }],
        rolled: 0,
      });
      expect(await rolled(fake, { rollout: SHORT, retry: 1 })).toMatchObject({ stragglers: [], rolled: 1, proven: 4 });
    });

    it('is missed also where an evicted pod came back without a proxy', async () => {
      const fake = fakeNamespace(workload('agent', { kind: 'DaemonSet' }));
      fake.onEvict = () => void (fake.injectors = fake.evicted.length === 1 ? 0 : 1);
      const { stragglers } = await rolled(fake, { rollout: { ...SHORT, deletePods: true } });
      expect(stragglers).toMatchObject([{ reason: 'ProxyLost', message: '1 of its 2 pods came back without a proxy' }]);
    });
  });

  describe('a pod', () => {
    it('that does not end makes a straggler, and takes no place of those that may roll', async () => {
      const stuck = workload('stuck', { mark: 'abc-trust' });
      for (const pod of stuck.pods) pod.deletedAt = '2026-01-01T00:00:00.000Z';
      const fake = fakeNamespace(stuck, workload('web'));
      const { stragglers } = await rolled(fake, { rollout: { workloads: 1 } });
      expect(stragglers).toMatchObject([{ reason: 'TerminatingStuck', subject: { name: 'shop/Deployment/stuck' } }]);
      expect(stragglers[0]?.message).toContain('2026-01-01T00:00:00.000Z');
      expect(fake.patched).toEqual(['web']);
    });

    it('that is not ready ends the wait of a workload which is not rolled by a mark', async () => {
      const agent = workload('agent', { kind: 'DaemonSet' });
      const [, second] = agent.pods;
      if (second) second.ready = false;
      const { stragglers } = await rolled(fakeNamespace(agent), { rollout: { ...SHORT, deletePods: true } });
      expect(stragglers).toMatchObject([{ reason: 'RolloutStuck', message: '1 of 2 pods are available' }]);
    });

    it('with two budgets is a straggler in the words of the API server', async () => {
      const fake = fakeNamespace(workload('agent', { kind: 'DaemonSet' }));
      fake.onEvict = () => {
        throw refusal('Unavailable', 500, 'This pod has more than one PodDisruptionBudget, which is not supported');
      };
      const { stragglers } = await rolled(fake, { rollout: { deletePods: true } });
      expect(stragglers).toMatchObject([{ reason: 'EvictionBlocked' }]);
      expect(stragglers[0]?.message).toContain('more than one PodDisruptionBudget');
    });
  });

  describe('a rollout that has ended', () => {
    it('is not called stuck when the workload is scaled up later', async () => {
      const pods = ['web-0', 'web-1', 'web-2'].map((name) => ({ name, anchors: NEW, ready: name !== 'web-2' }));
      const annotations = { 'reroot.dev/rolled-at': '2026-01-01T00:00:00Z' };
      const fake = fakeNamespace(workload('web', { mark: 'abc-trust', annotations, pods }));
      let looks = 0;
      fake.onLook = () => {
        looks += 1;
        for (const pod of pods) pod.ready ||= looks === 3;
      };
      expect(await rolled(fake)).toMatchObject({ stragglers: [], rolled: 0, proven: 3 });
      expect(looks).toBe(3);
    });
  });

  describe('a workload of an operator', () => {
    const owner = ownedBy('Prometheus', 'main', 'uid-main', 'monitoring.coreos.com/v1');
    const operated = () => workload('web', { owner, manager: 'prometheus-operator' });
    /** What the operator does at each look: it takes off what it does not know. */
    const puttingBack = (web: ReturnType<typeof operated>, restart: boolean) => () => {
      web.annotations = {};
      if (!restart || web.restartedAt === undefined) return;
      delete web.restartedAt;
      for (const pod of web.pods) pod.anchors = OLD;
    };

    it('is restarted by what the operator leaves alone, and not again by a later try that has no other trace', async () => {
      const web = operated();
      const fake = fakeNamespace(web);
      fake.onLook = puttingBack(web, false);
      expect(await rolled(fake)).toMatchObject({ rolled: 1, stragglers: [], proven: 2 });
      expect(web).toMatchObject({ annotations: {}, restartedAt: expect.stringMatching(/\.\d{9}Z$/) as string });
      expect(web.mark).toBeUndefined();
      for (const pod of web.pods) pod.anchors = OLD;
      expect(await rolled(fake)).toMatchObject({ rolled: 0, stragglers: [{ reason: 'OutdatedAfterRollout' }] });
      expect(await rolled(fake, { retry: 1 })).toMatchObject({ rolled: 1, stragglers: [] });
      expect(await rolled(fake, { retry: 1 })).toMatchObject({ rolled: 0 });
      expect(fake.patched).toEqual(['web', 'web']);
    });
    it('whose restart is put back is rolled once, and makes a straggler that names its owner and who writes it', async () => {
      const web = operated();
      const fake = fakeNamespace(web);
      fake.onLook = puttingBack(web, true);
      const { stragglers, rolled: count } = await rolled(fake);
      expect(count).toBe(1);
      expect(stragglers).toMatchObject([
        {
          reason: 'OutdatedAfterRollout',
          message: expect.stringMatching(
            /belongs to Prometheus main; its template is written by prometheus-operator/,
          ) as string,
          hint: expect.stringMatching(/0\.50.*rollout\.deletePods/) as string,
        },
      ]);
    });
    it('whose restart is put back is not rolled by a later step, nor by a later try, that is told of it', async () => {
      const web = operated();
      const fake = fakeNamespace(web);
      fake.onLook = puttingBack(web, true);
      const { undone = {} } = await rolled(fake);
      expect(undone).toEqual({ 'shop/Deployment/web': expect.stringMatching(/-trust$/) as string });
      expect(await rolled(fake, { undone })).toMatchObject({
        rolled: 0,
        undone,
        stragglers: [{ reason: 'OutdatedAfterRollout' }],
      });
      expect(await rolled(fake, { reported: { undone } })).toMatchObject({ rolled: 0, undone });
      expect(await rolled(fake, { undone, retry: 1 })).toMatchObject({ rolled: 1 });
    });
    it('whose restart is put back is evicted where that is allowed', async () => {
      const web = operated();
      const fake = fakeNamespace(web);
      fake.onLook = puttingBack(web, true);
      expect(await rolled(fake, { rollout: { deletePods: true } })).toMatchObject({
        rolled: 1,
        stragglers: [],
        proven: 2,
      });
      expect(fake.evicted).toHaveLength(2);
    });
  });

  describe('pods that an operator has made by itself', () => {
    const ownerReferences = [ownedBy('StrimziPodSet', 'kafka', 'uid-kafka', 'core.strimzi.io/v1beta2')];
    const kafka = (anchors?: string) => ['kafka-0', 'kafka-1'].map((name) => stray(name, { ownerReferences }, anchors));

    it('are a question to a person, with the means of their operator', async () => {
      const fake = fakeNamespace();
      fake.strays = kafka();
      expect(await rolled(fake)).toMatchObject({
        stragglers: [
          {
            reason: 'CustomController',
            subject: { name: 'shop/StrimziPodSet/kafka' },
            hint: expect.stringContaining('strimzi.io/manual-rolling-update') as string,
          },
        ],
      });
      expect(fake.evicted).toEqual([]);
    });
    it('are evicted one after the other where that is allowed: the next once the operator has made the last anew', async () => {
      const fake = fakeNamespace();
      fake.strays = kafka();
      fake.onEvict = (name) => {
        expect(fake.strays).toHaveLength(2);
        fake.strays = fake.strays.filter(({ metadata }) => metadata?.name !== name);
        const again = kafka(NEW).filter(({ metadata }) => metadata?.name === name);
        setTimeout(() => fake.strays.push(...again), 30);
      };
      expect(await rolled(fake, { rollout: { deletePods: true } })).toMatchObject({ stragglers: [], proven: 2 });
      expect(fake.evicted).toEqual(['kafka-0', 'kafka-1']);
    });
    it('that the operator does not make anew are told of', async () => {
      const fake = fakeNamespace();
      fake.strays = kafka().slice(0, 1);
      fake.onEvict = () => void (fake.strays = []);
      expect(await rolled(fake, { rollout: { ...SHORT, deletePods: true } })).toMatchObject({
        stragglers: [{ reason: 'ProxyLost', subject: { name: 'shop/StrimziPodSet/kafka' } }],
      });
    });
  });

  describe('a namespace in which no dry run is taken', () => {
    const proveFirst = true;
    const three = () => fakeNamespace(workload('api'), workload('mail'), workload('web'));
    const named = (stragglers: readonly { reason: string; subject: { name: string } }[]) =>
      stragglers.map(({ reason, subject }) => `${subject.name} ${reason}`).toSorted();

    it('begins with one workload, and goes on when its new pod has come out right', async () => {
      const fake = three();
      const atOnce: string[][] = [];
      fake.onLook = () => void atOnce.push([...fake.patched]);
      const { seen, ...result } = await rolled(fake, { proveFirst });
      expect(result).toMatchObject({ rolled: 3, stragglers: [] });
      expect(seen.flatMap(({ waitingFor }) => waitingFor).join()).toMatch(/web: no dry run of a new pod is taken/);
      expect(atOnce).toContainEqual(['api']);
      expect(fake.patched).toEqual(['api', 'mail', 'web']);
    });
    it.each([
      ['with the anchors of before', OLD, 'OutdatedAfterRollout'],
      ['without a proxy', '', 'ProxyLost'],
    ])('rolls no other when that comes %s', async (_what, injects, reason) => {
      const fake = three();
      fake.injects = injects;
      const { stragglers } = await rolled(fake, { proveFirst, rollout: SHORT });
      expect(fake.patched).toEqual(['api']);
      expect(named(stragglers)).toEqual([
        `shop/Deployment/api ${reason}`,
        'shop/Deployment/mail FirstNotProven',
        'shop/Deployment/web FirstNotProven',
      ]);
    });
    it('goes on after a retry, when the first has come out right', async () => {
      const fake = three();
      fake.injects = OLD;
      await rolled(fake, { proveFirst, rollout: SHORT });
      fake.injects = NEW;
      expect(await rolled(fake, { proveFirst, retry: 1 })).toMatchObject({ stragglers: [] });
      expect(fake.patched).toEqual(['api', 'api', 'mail', 'web']);
    });
    it('evicts one pod, and no other when the new one comes out wrong', async () => {
      const fake = fakeNamespace(workload('agent', { kind: 'DaemonSet' }), workload('web'));
      fake.injects = OLD;
      const { stragglers } = await rolled(fake, { proveFirst, rollout: { ...SHORT, deletePods: true } });
      expect([...fake.patched, ...fake.evicted]).toHaveLength(1);
      expect(named(stragglers)).toContain('shop/DaemonSet/agent FirstNotProven');
    });
  });
});
