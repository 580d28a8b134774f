import { describe, expect, it } from 'vitest';
import { scaleChart } from '../../../../sandbox/bench/scale-chart.js';
import {
  jsonLine,
  kindsOfParts,
  proofSeconds,
  ratioOf,
  requestsPerWorkload,
  requestsTexts,
  scaleComplaints,
  scaleMarkdown,
  type ScaleResult,
  type SizeResult,
  workRatioOf,
} from '../../../../sandbox/bench/scale-report.js';

function result(more: Partial<ScaleResult>): ScaleResult {
  return {
    ...{ name: 'floor', title: 'floor: one restart', by: 'hand', replacesRoot: false, outcome: 'completed' },
    ...{ parts: [{ name: 'restart', beganAt: 0, seconds: 100 }], seconds: 100, rollingSeconds: 100, waitingSeconds: 0 },
    ...{ rolling: [0, 100], rollouts: 1, podsReplaced: 1000, handshakes: 9000, refused: 0, oldRootGone: false },
    flight: [
      [0, 0],
      [50, 250],
      [100, 0],
    ],
    ...{ leavesPerSecond: { mean: 10, peak: 40 }, servers: {}, leastAvailableMb: 9000, loadBefore: 1 },
    ...more,
  };
}

const floor = result({});
const bridge = result({
  ...{
    name: 'bridge',
    title: 'reroot bridge',
    by: 'reroot',
    strategy: 'bridge',
    replacesRoot: true,
    oldRootGone: true,
  },
  ...{ seconds: 300, rollingSeconds: 110, waitingSeconds: 150, rolling: [120, 230] },
  flight: [
    [119, 7],
    [120, 0],
    [180, 125],
    [230, 0],
    [300, 9],
  ],
  history: {
    ...{ events: 400, bytes: 204_800, largestPayloadBytes: 2048 },
    looks: [
      { activity: 'preflight', startedAt: 0, seconds: 3.21 },
      { activity: 'checkGate', startedAt: 0, seconds: 1 },
    ],
    steps: [],
  },
  worker: { peakRssMb: 222, cpuSeconds: 40.4, requests: { 'GET pods': 50, 'PATCH deployments': 100 } },
});
const size: SizeResult = {
  ...{ date: '2026-01-02T03:04:05Z', machine: { processor: 'x', cores: 2, memoryGb: 24, node: 'v20' } },
  ...{ pods: 1000, proxies: 1003, workloads: 100, namespaces: 14, leafLife: '60s', sandboxSeconds: 90, input: {} },
  contenders: [floor, bridge],
};

describe('which parts of a rotation restart the mesh', () => {
  const kinds = (strategy: ScaleResult['strategy'], names: string[], leafRenewal: 'wait' | 'roll' = 'wait') => {
    const kindOf = kindsOfParts(strategy ? { strategy } : {}, { leafRenewal });
    return names.map((name) => kindOf({ name, seconds: 1 }));
  };

  it('is one phase of bridge, which waits twice', () => {
    const phases = ['preflight', 'trust', 'bridge', 'renew', 'approve', 'retire', 'issue', 'refresh', 'finish'];
    expect(kinds('bridge', phases)).toEqual([
      'other',
      'other',
      'other',
      'waits',
      'other',
      'rolls',
      'other',
      'waits',
      'other',
    ]);
    expect(kinds('bridge', ['renew', 'retire', 'refresh'], 'roll')).not.toContain('waits');
  });

  it('is every restart of a script', () => {
    expect(kinds(undefined, ['add root', 'restart', 'restart again', 'prune'])).toEqual([
      'other',
      'rolls',
      'rolls',
      'other',
    ]);
  });
});

it('gives the ratio of what rolls to the floor, for each rollout, and the same with all other work', () => {
  expect([ratioOf(bridge, size), workRatioOf(bridge, size)]).toEqual([1.1, 1.5]);
  expect(ratioOf(result({ rollingSeconds: 330, rollouts: 3 }), size)).toBe(1.1);
  expect(ratioOf(bridge, { ...size, contenders: [bridge] })).toBeUndefined();
  const slower = result({ rollingSeconds: 120 });
  expect(ratioOf(bridge, { ...size, contenders: [floor, bridge, slower] })).toBe(1); // to the mean of both
  expect(ratioOf(bridge, { ...size, contenders: [floor, bridge, { ...slower, outcome: 'failed' }] })).toBe(1.1);
});

it('takes the longest look at the whole mesh for its proof', () => {
  expect(proofSeconds(bridge)).toBe(3.2);
  expect(proofSeconds(floor)).toBeUndefined();
});

it('counts the requests of a worker by workload and rollout, and names them by kind', () => {
  expect(requestsPerWorkload(bridge, size)).toBe(1.5);
  expect(requestsPerWorkload({ ...bridge, rollouts: 3 }, size)).toBe(0.5);
  expect(requestsTexts([size])).toEqual(['1000 pods, reroot bridge, requests: 100 PATCH deployments, 50 GET pods']);
});

it('ends with one line for programs, null where nothing was measured', () => {
  expect(jsonLine(size)).toBe(
    '{"pods":1000,"floorSeconds":100,"bridgeSeconds":110,"ratio":1.1,"workerRssMb":222,"events":400,"requestsPerWorkload":1.5,"proofSeconds":3.2,"refused":0}',
  );
  expect(jsonLine({ ...size, contenders: [floor] })).toBe(
    '{"pods":1000,"floorSeconds":100,"bridgeSeconds":null,"ratio":null,"workerRssMb":null,"events":null,"requestsPerWorkload":null,"proofSeconds":null,"refused":null}',
  );
});

it('has a row for each contender of each size', () => {
  const [, , ...rows] = scaleMarkdown([size, { ...size, pods: 3000 }]).split('\n');
  expect(rows.map((row) => row.split(' | ').slice(0, 7).join(' | '))).toEqual([
    '| 1000 | floor: one restart | 1 | 100 s |  | 100 s | 1.00',
    '| 1000 | reroot bridge | 1 | 300 s | 150 s | 110 s | 1.10',
    '| 3000 | floor: one restart | 1 | 100 s |  | 100 s | 1.00',
    '| 3000 | reroot bridge | 1 | 300 s | 150 s | 110 s | 1.10',
  ]);
});

it('complains of a size that does not fit, and of rotations that did not end well; the floor replaces no root', () => {
  expect(scaleComplaints([size])).toEqual([]);
  const worse = { ...bridge, outcome: 'failed: x', oldRootGone: false, refused: 2, refusal: 'a to b' };
  expect(scaleComplaints([{ ...size, contenders: [worse], failure: 'it did not come up' }])).toEqual([
    '1000 pods: it did not come up',
    '1000 pods, reroot bridge: failed: x',
    '1000 pods, reroot bridge: the old root is still trusted',
    '1000 pods, reroot bridge: 2 handshakes refused, for example a to b',
  ]);
});

describe('the picture', () => {
  const svg = scaleChart([size, { ...size, pods: 3000, proxies: 3003 }]);

  it('has a block for each size, in which each number is written out', () => {
    for (const words of [
      '1003 proxies of 100 workloads',
      '3003 proxies',
      '>100 s; 1.00<',
      '>300 s; 1.10<',
      '250 at the most',
    ])
      expect(svg).toContain(words);
    expect(svg).toMatch(/aria-label="1003 proxies: floor: one restart 100 s; 1.00, reroot bridge 300 s; 1.10. 3003/);
  });

  it('draws the flight of each from where it begins to roll to where it ends', () => {
    const lines = [...svg.matchAll(/<polyline points="([^"]+)" fill="none" stroke="#2da44e"/g)].map((m) => m[1]);
    expect(lines[0]?.split(' ').map((point) => Number(point.split(',')[0]))).toEqual([490, 702.7, 880]);
  });

  it('leaves out a size that did not come up', () => {
    expect(scaleChart([{ ...size, contenders: [] }])).not.toContain('1003');
  });
});
