import { BAR_COLOURS, picture, rectangle, text, TEXT_COLOUR, WIDTH } from './svg.js';
import { type Comparison, type Result, secondsWaiting } from './report.js';

/** The comparison as one SVG: a panel per measure, a bar per contender, written out number by number. */

const REFUSED_COLOUR = '#e5534b';
const TRACK_OPACITY = 0.14;
const WAITING_OPACITY = 0.45;

const LABELS = 128;
const GAP = 24;
const NUMBER = 60;
const TOP = 84;
const ROW = 34;
const BAR = 16;
/** Little is not nothing. */
const LEAST_BAR = 2;
const PANEL = (WIDTH - LABELS) / 3;

interface Panel {
  title: string;
  value(result: Result): number;
  /** The part of the value that is drawn faded. */
  faded(result: Result): number;
  text(result: Result): string;
  colour(result: Result): string;
}

const PANELS: readonly Panel[] = [
  {
    title: 'pods replaced',
    value: ({ podsReplaced }) => podsReplaced,
    faded: () => 0,
    text: ({ podsReplaced }) => `${podsReplaced}`,
    colour: ({ by }) => BAR_COLOURS[by],
  },
  {
    title: 'wall time (faded: waiting)',
    value: ({ seconds }) => seconds,
    faded: secondsWaiting,
    text: ({ seconds }) => `${Math.round(seconds)} s`,
    colour: ({ by }) => BAR_COLOURS[by],
  },
  {
    title: 'refused handshakes',
    value: ({ refused }) => refused,
    faded: () => 0,
    text: ({ refused }) => `${refused}`,
    colour: () => REFUSED_COLOUR,
  },
];

/** @returns an SVG document */
export function chart({ contenders, machine, mesh, date }: Comparison): string {
  const height = TOP + contenders.length * ROW + 30;
  const under = `one run, ${machine.cores} cores, ${date.slice(0, 10)}; leaves lived ${mesh['leafLife']}: with Linkerd's 24 h the faded parts take hours`;
  return picture(height, described(contenders), [
    text(
      0,
      20,
      `Replacing the trust root of ${mesh['proxies']} proxies, five ways`.replace('five', counted(contenders)),
      'title',
    ),
    ...PANELS.flatMap((panel, index) => drawn(panel, LABELS + index * PANEL, contenders)),
    ...contenders.map(({ title }, row) => text(0, middle(row), title)),
    text(0, height - 8, under, 'small'),
  ]);
}

function drawn(
  { title, value, faded, text: written, colour }: Panel,
  left: number,
  results: readonly Result[],
): string[] {
  const most = Math.max(1, ...results.map(value));
  const room = PANEL - GAP - NUMBER;
  const lengthOf = (amount: number) => (amount <= 0 ? 0 : Math.max(LEAST_BAR, (amount / most) * room));
  return [
    text(left, TOP - 22, title, 'panel'),
    ...results.flatMap((result, row) => {
      const [whole, waiting] = [lengthOf(value(result)), lengthOf(faded(result))];
      const fill = colour(result);
      return [
        bar({ row, left, width: room, fill: TEXT_COLOUR, opacity: TRACK_OPACITY }),
        ...(whole > waiting ? [bar({ row, left, width: whole - waiting, fill })] : []),
        ...(waiting > 0
          ? [bar({ row, left: left + whole - waiting, width: waiting, fill, opacity: WAITING_OPACITY })]
          : []),
        text(left + room + 8, middle(row), written(result), 'number'),
      ];
    }),
  ];
}

interface Bar {
  row: number;
  left: number;
  width: number;
  fill: string;
  opacity?: number;
}

function bar({ row, left, ...looks }: Bar): string {
  return rectangle({ x: left, y: TOP + row * ROW, height: BAR, ...looks });
}

function middle(row: number): number {
  return TOP + row * ROW + BAR - 3;
}

/** For those who hear it. */
function described(results: readonly Result[]): string {
  return results
    .map(
      ({ title, podsReplaced, seconds, refused }) =>
        `${title}: ${podsReplaced} pods replaced, ${Math.round(seconds)} s, ${refused} handshakes refused`,
    )
    .join('; ');
}

function counted({ length }: readonly Result[]): string {
  return ['no', 'one', 'two', 'three', 'four', 'five'][length] ?? `${length}`;
}
