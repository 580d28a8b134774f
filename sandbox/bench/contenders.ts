import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { follow } from '../../src/cli/view/follow.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import { type StrategyName, strategyNames } from '../../src/rotation/courses/index.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/temporal/names.js';
import {
  guideOrder,
  guideOrderWithRenewal,
  type HandStep,
  officialOrder,
  renewIssuer,
  type Sandbox,
  seedOrder,
  startWorkerProcess,
} from '../kit/index.js';
import { type Account, secondsSince } from './measure.js';

/** A way to replace the root. */
export interface Contender {
  name: string;
  /** As tables and charts have it. */
  title: string;
  by: 'hand' | 'reroot';
  strategy?: StrategyName;
  rotate(sandbox: Sandbox): Promise<Account>;
}

/** What a mesh has its certificates from. */
export type Certificates = 'separate' | 'cert-manager';

const STRATEGIES: readonly Contender[] = strategyNames()
  .toReversed()
  .map((strategy) => ({
    name: strategy,
    title: `reroot ${strategy}`,
    by: 'reroot' as const,
    strategy,
    rotate: async (sandbox: Sandbox) => await byReroot(sandbox, strategy),
  }));

/** Those that are compared where nobody else writes the certificates, and where cert-manager does. */
export const CONTENDERS: Record<Certificates, readonly Contender[]> = {
  separate: [
    script('seed', "seed's order", seedOrder),
    script('official', 'official order', officialOrder),
    ...STRATEGIES,
  ],
  'cert-manager': [
    script('guide', "Linkerd's guide", guideOrder),
    script('guide-renewal', 'guide, a renewal', guideOrderWithRenewal),
    ...STRATEGIES,
    {
      name: 'bridge-renewal',
      title: 'bridge, a renewal',
      by: 'reroot',
      strategy: 'bridge',
      rotate: async (sandbox) => await byReroot(sandbox, 'bridge', renewIssuerInTheMiddle),
    },
  ],
};

function script(name: string, title: string, order: (k8s: Kubernetes) => HandStep[]): Contender {
  return { name, title, by: 'hand', rotate: async (sandbox) => await byHand(sandbox, order) };
}

/** Beside the defaults of the input. */
export const TIMING = { poll: '500ms', issuerEvent: '30s' } as const;
const DEADLINE = '20m';

async function byHand(sandbox: Sandbox, order: (k8s: Kubernetes) => HandStep[]): Promise<Account> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const parts: Account['parts'] = [];
  const started = Date.now();
  for (const { name, run } of order(k8s)) {
    const began = Date.now();
    await run();
    parts.push({ name, seconds: secondsSince(began) });
    process.stderr.write(`  ${name}: ${secondsSince(began)} s\n`);
  }
  return { parts, outcome: 'completed', seconds: secondsSince(started) };
}

/**
 * With a worker process of its own, whose start counts.
 *
 * @param meanwhile what somebody else does to the cluster, told of each status
 */
async function byReroot(
  sandbox: Sandbox,
  strategy: StrategyName,
  meanwhile: (k8s: Kubernetes) => (status: RotationStatus) => Promise<void> = () => async () => {},
): Promise<Account> {
  const started = Date.now();
  const worker = startWorkerProcess(sandbox);
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  try {
    const input: RotationInput = { strategy, approvals: 'none', timing: TIMING };
    const handle = await new Client({ connection }).workflow.start(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: `bench-${strategy}`,
      workflowExecutionTimeout: DEADLINE,
      args: [input],
    });
    const others = meanwhile(createKubernetes({ kubeconfig: sandbox.adminKubeconfig }));
    const background: Promise<void>[] = [];
    await follow(handle, {
      output: process.stderr,
      signal: new AbortController().signal,
      server: sandbox.temporal.address,
      onStatus: (status) => void background.push(others(status)),
    });
    await Promise.all(background);
    const end = await handle.result().then(told, failed);
    const seconds = secondsSince(started);
    const { historyLength } = await handle.describe();
    return { ...end, seconds, historyEvents: historyLength, workerPeakRssMb: worker.peakRssMb() };
  } finally {
    await connection.close();
    await worker.stop();
  }
}

/** In the phase in which most proxies are restarted: it has half the mesh trust the one root, and half the other. */
function renewIssuerInTheMiddle(k8s: Kubernetes): (status: RotationStatus) => Promise<void> {
  let renewed = false;
  return async ({ phase, namespaces }) => {
    if (renewed || phase !== 'retire' || !namespaces.some(({ state }) => state === 'done')) return;
    renewed = true;
    await renewIssuer(k8s);
  };
}

type End = Pick<Account, 'outcome' | 'parts'>;

function told(result: unknown): End {
  const { outcome, phases } = result as RotationReport;
  const parts = phases.map(({ phase, startedAt = '', finishedAt = '' }) => ({
    name: phase,
    seconds: Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 100) / 10,
  }));
  return { outcome, parts };
}

function failed(error: unknown): End {
  if (!(error instanceof WorkflowFailedError)) throw error;
  return { outcome: `failed: ${error.cause?.message ?? error.message}`, parts: [] };
}
