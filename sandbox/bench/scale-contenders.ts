import type { StrategyName } from '../../src/rotation/courses/index.js';
import type { RotationInput } from '../../src/rotation/input.js';
import { officialOrder, restartEverything, type Sandbox, type WorkerProcess } from '../kit/index.js';
import { byHand } from './by-hand.js';
import { byReroot } from './by-reroot.js';
import type { Account } from './measure.js';

/** What reroot gets beside the defaults, and what is looked at meanwhile. */
export interface ScaleRun {
  input: RotationInput;
  workers?: number;
  profiles?: string;
  onWorker: (worker: WorkerProcess) => void;
}

/** What is done to a mesh of some size; the same mesh goes through one after the other. */
export interface ScaleContender {
  name: string;
  title: string;
  by: 'hand' | 'reroot';
  strategy?: StrategyName;
  /** Whether the root is another afterwards. */
  replacesRoot: boolean;
  rotate(sandbox: Sandbox, run: ScaleRun): Promise<Account>;
}

/** In this order: the two whose times are compared come right after each other. */
export const SCALE_CONTENDERS: readonly ScaleContender[] = [
  {
    ...{ name: 'floor', title: 'floor: one restart', by: 'hand', replacesRoot: false },
    rotate: async (sandbox) =>
      await byHand(sandbox, (k8s) => [{ name: 'restart', run: async () => await restartEverything(k8s) }]),
  },
  reroot('bridge'),
  {
    ...{ name: 'official', title: 'official order', by: 'hand', replacesRoot: true },
    rotate: async (sandbox) => await byHand(sandbox, officialOrder),
  },
  reroot('standard'),
  reroot('patient'),
];

/** Measured unless `--only` says otherwise. */
export const BY_DEFAULT: readonly string[] = ['floor', 'bridge', 'official', 'standard'];

const DEADLINE_MS = 3 * 3_600_000;

function reroot(strategy: StrategyName): ScaleContender {
  return {
    ...{ name: strategy, title: `reroot ${strategy}`, by: 'reroot', strategy, replacesRoot: true },
    rotate: async (sandbox, run) => await byReroot(sandbox, { ...run, strategy, deadlineMs: DEADLINE_MS, quiet: true }),
  };
}
