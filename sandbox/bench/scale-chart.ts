import type { FlightPoint } from './sampler.js';
import { ratioOf, type ScaleResult, type SizeResult } from './scale-report.js';
import { BAR_COLOURS, line, picture, rectangle, text, TEXT_COLOUR, WIDTH } from './svg.js';

/** Meshes of growing size as one SVG. A block for each: its times as bars, and its pods in flight as lines. */

const TITLE = 34;
const HEAD = 46;
const ROW = 26;
const BAR = 14;
const LABELS = 128;
const BARS_END = 400;
const NUMBER = 112;
const LINES_LEFT = 490;
const LINES_HEIGHT = 104;
const FOOT = 34;
const OPACITY = { other: 0.65, waiting: 0.3, track: 0.14 } as const;

/** @returns an SVG document */
export function scaleChart(sizes: readonly SizeResult[]): string {
  const drawnSizes = sizes.filter(({ contenders }) => contenders.length > 0);
  const tops = drawnSizes.map((_, index) => TITLE + sum(drawnSizes.slice(0, index).map(blockHeight)));
  return picture(TITLE + sum(drawnSizes.map(blockHeight)), described(drawnSizes), [
    text(0, 20, 'Replacing the trust root, by the size of the mesh', 'title'),
    ...drawnSizes.flatMap((size, index) => block(size, tops[index] ?? 0)),
  ]);
}

function blockHeight({ contenders }: SizeResult): number {
  return HEAD + Math.max(contenders.length * ROW, LINES_HEIGHT) + FOOT;
}

function block(size: SizeResult, top: number): string[] {
  const { proxies, workloads, namespaces, leafLife, machine } = size;
  const mesh = `${proxies} proxies of ${workloads} workloads in ${namespaces} namespaces; leaves live ${leafLife}; ${machine.cores} cores`;
  return [text(0, top + 16, mesh, 'panel'), ...bars(size, top + HEAD), ...lines(size, top + HEAD)];
}

function bars(size: SizeResult, top: number): string[] {
  const { contenders } = size;
  const most = Math.max(1, ...contenders.map(({ seconds }) => seconds));
  const room = BARS_END - NUMBER - LABELS;
  return [
    text(LABELS, top - 10, 'wall time: rolling, other work, waiting; ratio to the floor', 'small'),
    ...contenders.flatMap((result, row) => {
      const y = top + row * ROW;
      const parts = partsOf(result);
      return [
        text(0, y + BAR - 2, result.title),
        rectangle({ x: LABELS, y, width: room, height: BAR, fill: TEXT_COLOUR, opacity: OPACITY.track }),
        ...parts.map(({ seconds, opacity }, index) => {
          const x = LABELS + (sum(parts.slice(0, index).map((part) => part.seconds)) / most) * room;
          return rectangle({
            x,
            y,
            width: (seconds / most) * room,
            height: BAR,
            fill: BAR_COLOURS[result.by],
            opacity,
          });
        }),
        text(LABELS + room + 8, y + BAR - 2, numbersOf(result, size), 'number'),
      ];
    }),
  ];
}

function partsOf({ seconds, rollingSeconds, waitingSeconds }: ScaleResult): { seconds: number; opacity: number }[] {
  const parts = [
    { seconds: rollingSeconds, opacity: 1 },
    { seconds: seconds - rollingSeconds - waitingSeconds, opacity: OPACITY.other },
    { seconds: waitingSeconds, opacity: OPACITY.waiting },
  ];
  return parts.filter((part) => part.seconds > 0);
}

function numbersOf(result: ScaleResult, size: SizeResult): string {
  const ratio = ratioOf(result, size);
  return `${Math.round(result.seconds)} s${ratio === undefined ? '' : `; ${ratio.toFixed(2)}`}`;
}

/** Each from where it begins to roll: what comes before and after is not seen. */
function lines({ contenders }: SizeResult, top: number): string[] {
  const drawn = contenders.map((result) => ({ result, points: rollingOnly(result) }));
  const longest = Math.max(1, ...drawn.flatMap(({ points }) => points.map(([seconds]) => seconds)));
  const most = Math.max(1, ...drawn.flatMap(({ points }) => points.map(([, pods]) => pods)));
  const [width, bottom] = [WIDTH - LINES_LEFT, top + LINES_HEIGHT];
  const xOf = (seconds: number) => LINES_LEFT + (seconds / longest) * width;
  const yOf = (pods: number) => bottom - (pods / most) * LINES_HEIGHT;
  return [
    text(LINES_LEFT, top - 10, `pods in flight while it rolls, ${most} at the most`, 'small'),
    line(
      [
        [LINES_LEFT, top],
        [LINES_LEFT, bottom],
        [WIDTH, bottom],
      ],
      TEXT_COLOUR,
      1,
    ),
    ...drawn.map(({ result, points }) =>
      line(
        points.map(([seconds, pods]) => [xOf(seconds), yOf(pods)]),
        lineColour(result),
      ),
    ),
    text(LINES_LEFT, bottom + 16, legend(contenders), 'small'),
    text(WIDTH, bottom + 16, `${Math.round(longest)} s`, 'small end'),
  ];
}

const LINE_COLOURS: Readonly<Record<string, string>> = {
  floor: '#9198a1',
  bridge: '#2da44e',
  official: '#bf8700',
  standard: '#4c8ed9',
  patient: '#a475f9',
};

function lineColour({ name, by }: ScaleResult): string {
  return LINE_COLOURS[name] ?? BAR_COLOURS[by];
}

const COLOUR_NAMES: Readonly<Record<string, string>> = {
  floor: 'grey',
  bridge: 'green',
  official: 'ochre',
  standard: 'blue',
  patient: 'violet',
};

function legend(contenders: readonly ScaleResult[]): string {
  return contenders.map(({ name }) => `${COLOUR_NAMES[name] ?? ''}: ${name}`).join(', ');
}

function rollingOnly({ flight, rolling }: ScaleResult): FlightPoint[] {
  const [from, to] = rolling ?? [0, Infinity];
  return flight.flatMap(([seconds, pods]): FlightPoint[] =>
    seconds < from || seconds > to ? [] : [[seconds - from, pods]],
  );
}

/** For those who hear it. */
function described(sizes: readonly SizeResult[]): string {
  return sizes
    .map((size) => {
      const each = size.contenders.map((result) => `${result.title} ${numbersOf(result, size)}`);
      return `${size.proxies} proxies: ${each.join(', ')}`;
    })
    .join('. ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
