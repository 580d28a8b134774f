import { expect, it } from 'vitest';
import { chart } from '../../../../sandbox/bench/chart.js';
import { TEXT_COLOUR } from '../../../../sandbox/bench/svg.js';
import {
  type Comparison,
  complaints,
  markdownTable,
  type Result,
  secondsWaiting,
} from '../../../../sandbox/bench/report.js';

function result(more: Partial<Result>): Result {
  return {
    ...{ name: 'seed', title: "seed's order", by: 'hand', parts: [], outcome: 'completed', seconds: 10, proxies: 20 },
    ...{ dataPlaneRollouts: 2, podsReplaced: 40, controlPlanePodsReplaced: 6, handshakes: 1000, refused: 0 },
    ...{ secondsWithRefusals: 0, oldRootGone: true, loadBefore: 0 },
    ...more,
  };
}

const seed = result({ refused: 7, secondsWithRefusals: 3.5 });
const bridge = result({
  ...{ name: 'bridge', title: 'reroot <bridge>', by: 'reroot', podsReplaced: 20, seconds: 100, historyEvents: 200 },
  parts: [
    { name: 'renew', seconds: 30 },
    { name: 'retire', seconds: 20 },
    { name: 'refresh', seconds: 40 },
  ],
});
const comparison: Comparison = {
  date: '2026-01-02T03:04:05Z',
  machine: { processor: 'x', cores: 2, memoryGb: 8, node: 'v24' },
  mesh: { proxies: 20, leafLife: '40s' },
  contenders: [seed, bridge],
};

const widths = (svg: string, colour: string) =>
  [...svg.matchAll(/width="([\d.]+)" height="\d+" fill="([^"]+)"/g)]
    .filter((m) => m[2] === colour)
    .map((m) => Number(m[1]));

it('draws bars in proportion to the numbers, none for zero, and writes every number out', () => {
  const svg = chart(comparison);
  const [pods = 0, wall = 0] = widths(svg, '#9198a1'); // by hand
  const reroot = widths(svg, '#2da44e'); // pods, wall time, the waiting part of it
  expect(pods / (reroot[0] ?? 0)).toBeCloseTo(2, 1);
  expect(((reroot[1] ?? 0) + (reroot[2] ?? 0)) / wall).toBeCloseTo(10, 0);
  expect((reroot[2] ?? 0) / (reroot[1] ?? 1)).toBeCloseTo(7 / 3, 1);
  expect(widths(svg, '#e5534b')).toHaveLength(1);
  for (const number of ['>40<', '>20<', '>10 s<', '>100 s<', '>7<', '>0<']) expect(svg).toContain(number);
});

it('is well-formed: titles are escaped, and those who cannot see it are told', () => {
  const svg = chart(comparison);
  expect(svg).toContain('>reroot &lt;bridge></text>');
  expect(svg).toMatch(/aria-label="[^"<]*seed's order: 40 pods replaced, 10 s, 7 handshakes refused/);
});

it("can be read on GitHub's light and dark pages", () => {
  for (const page of ['#ffffff', '#0d1117']) expect(contrast(TEXT_COLOUR, page)).toBeGreaterThan(4);
});

it('gives ratios of the bridge of the same run, and none without one', () => {
  expect(markdownTable([seed, bridge])).toContain(
    "| seed's order | 2 | 40 (2.0x) | 10 s (0.1x) |  | 1000 | 7 | 3.5 s |  |",
  );
  expect(markdownTable([seed])).toContain('| 40 | 10 s |');
});

it('counts as waiting what a strategy waits for leaves', () => {
  expect([seed, bridge].map(secondsWaiting)).toEqual([0, 70]);
});

it("complains of rotations that did not end well; refusals are no surprise in the seed's order", () => {
  expect(complaints([seed, bridge])).toEqual([]);
  const worse = { ...bridge, title: 'bridge', refused: 1, refusal: 'a to b', oldRootGone: false, outcome: 'failed: x' };
  expect(complaints([worse])).toEqual([
    'bridge: failed: x',
    'bridge: the old root is still trusted',
    'bridge: 1 handshakes refused, for example a to b',
  ]);
});

/** By WCAG 2. */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

it('tells of cert-manager where it makes the certificates, and complains of what reroot left otherwise', () => {
  const guide = result({ title: 'guide', certificatesReady: true, specChanges: 0 });
  const touched = { ...bridge, title: 'bridge', certificatesReady: false, specChanges: 2 };
  expect(
    markdownTable([guide, touched])
      .split('\n')
      .map((line) => line.split(' | ').slice(-2).join(' | ')),
  ).toEqual(['Certificates | specs changed |', '--- | --- |', 'Ready | 0 |', 'not Ready | 2 |']);
  expect(complaints([guide, touched])).toEqual([
    'bridge: not every Certificate is Ready',
    "bridge: 2 specs of cert-manager's objects changed",
  ]);
});
