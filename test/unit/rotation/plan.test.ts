import { describe, expect, it } from 'vitest';
import { hashedPlan, hashOf } from '../../../activities/kit/hashed-plan.js';
import { approvedSettings } from '../../../src/rotation/approved-text.js';
import type { Waiver } from '../../../src/rotation/findings.js';
import { OWN, type Owners } from '../../../src/rotation/owners.js';
import { type Plan, planDifference, wavesOf } from '../../../src/rotation/plan.js';
import { HOUR_MS, request } from './support.js';

describe('planDifference', () => {
  const plan = {
    workloadNames: ['shop/Deployment/web'],
    retire: ['old'],
    keep: [],
    target: 'T',
    settings: 'a',
  } as unknown as Plan;
  it('is empty when nothing has changed', () => expect(planDifference(plan, plan)).toEqual([]));
  it.each([
    [
      'a workload that came',
      { workloadNames: ['shop/Deployment/web', 'shop/Deployment/api'] },
      'workload added: shop/Deployment/api',
    ],
    ['an anchor that goes now too', { retire: ['old', 'older'] }, 'anchor to take out added: older'],
    ['an anchor that stays now', { keep: ['foreign'] }, 'anchor to keep added: foreign'],
    ['another target', { target: 'T2' }, 'target: T2'],
    ['a waiver that was given since', { waivers: ['shop (trust)'] }, 'waiver added: shop (trust)'],
    [
      'another owner',
      { owners: ['bundle: hand-off to Flux', 'issuer: reroot'] },
      'owner added: bundle: hand-off to Flux',
    ],
    ['other settings', { settings: 'b' }, 'the settings of the rotation are others'],
  ])('names %s', (_what, change, line) => expect(planDifference(plan, { ...plan, ...change })).toEqual([line]));
});

describe('what an approval is bound to', () => {
  const pod = (kind: string, name: string, namespace = 'shop') => ({ namespace, workload: { namespace, kind, name } });
  const of = (pods: ReturnType<typeof pod>[], waive: { subject: string; reason: string }[] = []) =>
    hashedPlan(request({ waive }), { namespace: 'linkerd', leafLifeMs: HOUR_MS, pods }, { retire: ['old'], keep: [] });
  const web = pod('Deployment', 'web');
  const plan = of([web, web, pod('Job', 'load-1'), pod('Pod', 'runner-7')]);

  it('is what will be rolled; runs of Jobs and bare pods come and go', () => {
    expect(plan.workloadNames).toEqual(['shop/Deployment/web']);
    expect(plan).toMatchObject({ proxies: 4, workloads: 3 });
    expect(of([web, pod('CronJob', 'nightly'), pod('Job', 'load-2')]).hash).toBe(plan.hash);
  });
  const bound = (change: object, waivers?: Waiver[], target = 'T', owners?: Owners) => {
    const more = { ...(waivers ? { waivers } : {}), ...(owners ? { owners } : {}) };
    const mesh = { namespace: 'linkerd', leafLifeMs: HOUR_MS, pods: [web], ...more };
    return hashedPlan(request(change), mesh, { retire: ['old'], keep: [], target });
  };
  it.each([
    ['the root', bound({}, undefined, 'T2')],
    ['what may be deleted', bound({ rollout: { deletePods: true } })],
    ['what becomes of the key', bound({ root: { key: 'discard' } })],
    ['whose certificates', bound({ certificates: { secret: 'mine' } })],
    ['who approves', bound({ approvals: 'none' })],
    ['who writes the bundle', bound({}, undefined, 'T', { ...OWN, bundle: { kind: 'handOff', who: 'Argo CD' } })],
    ['when it may roll', bound({ rollout: { windows: [{ cron: '0 22 * * *', for: '6h' }] } })],
    ['how gently', bound({ rollout: { canary: 'none' } })],
    ['a waiver', bound({}, [{ subject: 'shop', reason: 'r', gate: 'trust' }])],
  ])('is %s', (_what, other) => expect(other.hash).not.toBe(bound({}).hash));
  it('is as before where reroot writes everything: approvals of an earlier version hold', () => {
    expect(bound({}, undefined, 'T', OWN)).toEqual(bound({}));
    expect(bound({})).not.toHaveProperty('owners');
  });
  it('reads as in 0.6 where nothing is said of how gently and when: what was approved then still is', () => {
    const { settings, course } = request({ rollout: { first: ['shop'] } });
    const rollout =
      '"rollout":{"pace":"forced","deadline":1209600000,"namespaces":4,"workloads":8,"stuckAfter":600000,"deletePods":false,"first":["shop"],"last":[]}';
    expect(approvedSettings(settings, course)).toBe(
      `{"issuerKeyCompromised":false,"approvals":"beforeRetire","root":{"validity":315360000000},"issuer":{"validity":31536000000},"bridge":{},${rollout},"leafRenewal":"wait"}`,
    );
  });
  it('is not what is predicted', () => {
    const mesh = { namespace: 'linkerd', leafLifeMs: 7 * HOUR_MS, pods: [{ ...web, startMs: 60_000 }] };
    const slower = hashedPlan(request(), mesh, { retire: ['old'], keep: [], target: 'T' });
    expect(slower.phases).not.toEqual(bound({}).phases);
    expect(slower.hash).toBe(bound({}).hash);
  });
  it('is not how often it looks, nor a waiver of the control plane, which counts for nothing', () => {
    expect(bound({ timing: { poll: '7s' }, planOnly: true }).hash).toBe(bound({}).hash);
    expect(bound({}, [{ subject: 'linkerd', reason: 'r', gate: 'trust' }]).hash).toBe(bound({}).hash);
  });
  it('can be told from the plan that travels', () => {
    const { hash, ...rest } = bound({});
    expect(hashOf(rest)).toBe(hash);
    expect(hashOf({ ...rest, target: 'T2' })).not.toBe(hash);
    expect(hashOf({ ...rest, namespaces: [] })).not.toBe(hash);
  });
  it('is not missed when it is gone', () => {
    expect(planDifference(of([web, pod('Deployment', 'api')]), plan)).toEqual([]);
    expect(planDifference(plan, of([web, pod('Deployment', 'api')]))).toEqual(['workload added: shop/Deployment/api']);
  });
  it('travels in part for a large mesh, and is compared as a whole all the same', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => pod('Deployment', `web-${index}`, `ns-${index % 200}`));
    const large = of(many);
    expect(JSON.stringify(large).length).toBeLessThan(256 * 1024);
    expect(large.workloadsOmitted).toBe(19_000);
    expect(planDifference(large, of(many))).toEqual([]);
    expect(planDifference(large, of([...many, pod('Deployment', 'zz', 'ns-7')]))).toEqual([
      'namespace ns-7: other workloads than approved',
    ]);
  });
  it('is nothing that runs of Jobs and bare pods bring into a large mesh, nor a namespace that is gone', () => {
    const many = Array.from({ length: 2000 }, (_, index) => pod('Deployment', `web-${index}`, `ns-${index % 20}`));
    const batch = [pod('Job', 'load-1', 'batch'), pod('Pod', 'runner-7', 'ci')];
    const left = many.map((item) => (item.namespace === 'ns-7' ? pod('Job', 'load-2', 'ns-7') : item));
    expect(planDifference(of(many), of([...many, ...batch]))).toEqual([]);
    expect(planDifference(of([...many, ...batch]), of(many))).toEqual([]);
    expect(planDifference(of(many), of(left))).toEqual([]);
    expect(planDifference(of(many), of([...many, pod('Deployment', 'web', 'batch')]))).toEqual([
      'namespace batch: other workloads than approved',
    ]);
  });
});

describe('wavesOf', () => {
  it('begins with those that go first, then extensions, then all others together, then those that go last', () => {
    const order = { first: ['x'], last: ['y', 'a'] };
    expect(wavesOf(['z', 'a', 'viz', 'x', 'b', 'y'], ['viz'], order)).toEqual([['x'], ['viz'], ['b', 'z'], ['y'], ['a']]);
  });
});
