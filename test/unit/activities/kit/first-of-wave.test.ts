import { expect, it } from 'vitest';
import type { Assessment } from '../../../../activities/kit/assess.js';
import { heedFirst } from '../../../../activities/kit/first-of-wave.js';
import { namespaceMemory } from '../../../../activities/kit/namespace-memory.js';
import type { ProxyObservation } from '../../../../src/ground/mesh.js';
import type { Workload } from '../../../../src/kubernetes/workload.js';
import { trustsTarget } from '../../../../src/rotation/gates.js';
import type { ReinjectInput } from '../../../../src/rotation/rollout-payloads.js';
import { proxy, request, target } from '../../rotation/support.js';

const input = { ...request(), phase: 'trust', proveFirst: true } as unknown as ReinjectInput;
const phase = { target: target(), requirement: trustsTarget, row: {} };
const EDIT = { op: 'replace', path: '/spec', value: '' };

function waiting(name: string, edits: object[] = []): Assessment {
  return {
    name: `shop/Deployment/${name}`,
    workload: { edits } as unknown as Workload,
    ...{ proxies: 1, staying: 1, proven: 0 },
    decision: { do: 'roll', mark: 'abc-trust' },
  };
}
const podOf = (name: string, uid: string): ProxyObservation =>
  proxy({ uid, workload: { namespace: 'shop', kind: 'Deployment', name } });
const freeOf = ({ free }: ReturnType<typeof heedFirst>) => free.map(({ name }) => name);

it('a workload with its proxy in its template goes beside the first, and is no proof of the injector', () => {
  const memory = namespaceMemory();
  const look = (proxies: ProxyObservation[], state: Assessment[]) =>
    heedFirst(state, { proxies, phase, input, memory });
  const first = look([], [waiting('manual', [EDIT]), waiting('api'), waiting('web')]);
  expect(freeOf(first)).toEqual(['shop/Deployment/manual', 'shop/Deployment/api']);
  expect(freeOf(look([podOf('manual', 'new')], [waiting('api'), waiting('web')]))).toEqual(['shop/Deployment/api']);
  const proven = look([podOf('manual', 'new'), podOf('api', 'newer')], [waiting('web')]);
  expect(freeOf(proven)).toEqual(['shop/Deployment/web']);
});
