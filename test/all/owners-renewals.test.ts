import type { WorkflowHandle } from '@temporalio/client';
import Table from 'cli-table3';
import { afterAll, afterEach, expect, it } from 'vitest';
import { present } from '../../src/ground/present.js';
import { readBundle } from '../../src/pki/bundle.js';
import type { Phase } from '../../src/rotation/phases.js';
import type { StrategyName } from '../../src/rotation/courses/index.js';
import { inTheMiddleOf } from '../integration/abort.js';
import { expectNoRefusal, type OwnMesh } from '../integration/own-mesh.js';
import { statusOf } from '../integration/support.js';
import {
  endOf,
  expectRotated,
  expectUntouched,
  lookAt,
  type Renewed,
  renewNow,
  restartIdentity,
  sharedMesh,
} from './owners.js';

/** Renewals that nobody has asked for, in the middle of each phase. */
interface Case {
  strategy: StrategyName;
  phase: Phase;
  renewed: Renewed;
  /** Identity starts anew right after it, and reads what is there then. */
  restarted: boolean;
}

/** These are over in a moment: they are caught where they ask. */
const SHORT: Record<StrategyName, readonly Phase[]> = {
  bridge: ['trust', 'bridge', 'issue'],
  patient: ['issue'],
  standard: ['issue'],
};
/** Nothing waits for leaves any more that are under the new root already. */
const LAST: Partial<Record<StrategyName, Phase>> = { bridge: 'refresh', standard: 'retire' };
const PHASES: Partial<Record<StrategyName, readonly Phase[]>> = {
  bridge: ['trust', 'bridge', 'renew', 'approve', 'retire', 'issue', 'refresh'],
  standard: ['trust', 'issue', 'renew', 'approve', 'retire'],
};

const ALL: readonly Case[] = (Object.entries(PHASES) as [StrategyName, readonly Phase[]][]).flatMap(
  ([strategy, phases]) =>
    phases.flatMap((phase) =>
      (['issuer', 'root'] as const).map((renewed) => ({ strategy, phase, renewed, restarted: true })),
    ),
);
/** Worst with a restart; without one identity learns of it by itself, or not at all. */
const CASES: readonly Case[] = [
  ...ALL,
  ...ALL.filter(({ strategy, renewed }) => strategy === 'bridge' && renewed === 'issuer').map((item) => ({
    ...item,
    restarted: false,
  })),
];

const shared = sharedMesh();
const seen: [string, string][] = [];
afterEach(shared.after);
afterAll(async () => {
  await shared.stop();
  const table = new Table({ head: ['renewal', 'what the rotation did'], style: { head: [], border: [] } });
  table.push(...seen);
  process.stdout.write(`\n${table.toString()}\n`);
});

it.each(CASES.map((item) => [nameOf(item), item] as const))(
  'refuses nobody, and goes on or says why not: %s',
  async (name, item) => {
    const row: [string, string] = [name, 'FAILED'];
    seen.push(row);
    row[1] = await disturbed(await shared.mesh(), item);
  },
);

function nameOf({ strategy, phase, renewed, restarted }: Case): string {
  return `${strategy}, in ${phase}: the ${renewed} renews${restarted ? ', identity restarts' : ''}`;
}

async function disturbed(mesh: OwnMesh, { strategy, phase, renewed, restarted }: Case): Promise<string> {
  const look = await lookAt(mesh);
  const approvals = SHORT[strategy].includes(phase) ? 'everyPhase' : 'beforeRetire';
  const handle = await mesh.start({ strategy, approvals });
  await inTheMiddleOf(handle, phase);
  const [issuerBefore] = readBundle((await mesh.secret('linkerd-identity-issuer'))['tls.crt'] ?? '').certificates;
  await renewNow(mesh, renewed);
  if (restarted) await restartIdentity(mesh);
  const { report, stopped } = await endOf(handle);
  await expectNoRefusal(mesh);
  if (!stopped) {
    await expectRotated(mesh, LAST[strategy] === phase ? { ...look, ...present({ issuerBefore }) } : look, report);
    return 'completed';
  }
  const reason = stopped.on.join('; ');
  expect(reason).not.toBe('');
  const { outcome } = await goOnOrBack(handle);
  await expectUntouched(mesh, look);
  await expectNoRefusal(mesh);
  return `stopped: ${reason}; then ${outcome}`;
}

/** It has stopped before harm, with a reason: a person looks, and goes on past the point of no return, or back before it. */
async function goOnOrBack(handle: WorkflowHandle): Promise<{ outcome: string }> {
  const { pastPointOfNoReturn, waiting } = await statusOf(handle);
  const repaired = waiting?.kind === 'paused' ? 'resume' : 'retry';
  await handle.executeUpdate(pastPointOfNoReturn ? repaired : 'abort', { args: [{ by: 'tester', reason: 'a test' }] });
  const { report, stopped } = await endOf(handle);
  expect(stopped).toBeUndefined();
  return { outcome: report?.outcome ?? '' };
}
