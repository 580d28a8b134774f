import { expect } from 'vitest';
import { capped } from '../../../src/rotation/capped.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { named } from '../../../activities/preflight.js';
import { hashedPlan } from '../../../activities/kit/hashed-plan.js';
import { eventually, leaseHolder, reroot, statusWhere } from '../../integration/support.js';
import { HOUR_MS, request } from '../../unit/rotation/support.js';
import type { Row } from '../row.js';
import { forget, ownNamespace, type Namespace, WHOLE, withWorker } from './kit.js';

/** Histories that are gone, and those that must not grow. */

const ID = 'trust-root-default';
/** It stands before its first write until somebody says yes. */
const ASKING = ['rotate', '--strategy', 'standard', '--approvals', 'everyPhase', '--detach'];

async function untilItAsks({ client }: Namespace): Promise<void> {
  const handle = client.workflow.getHandle(ID);
  await statusWhere(handle, 'it asks for an approval', ({ waiting }) => waiting?.kind === 'approval');
}

async function abort(env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await reroot(['abort'], env);
  expect(code, stderr).toBe(0);
  await eventually('the rotation to end', async () => (await reroot(['status'], env)).code === 1);
}

/** One of 10,000 findings of a mesh with 300 namespaces. */
function finding(_: unknown, index: number): Finding {
  const namespace = `team-${index % 300}`;
  const name = `${namespace}/Pod/checkout-${index}`;
  const message = `its proxy cannot be read: ${'connection refused by the node '.repeat(20)}`;
  return {
    reason: 'ProxyUnreadable',
    severity: 'block',
    subject: { kind: 'pod', name },
    message,
    hint: 'x'.repeat(200),
  };
}

export const historyRows: readonly Row[] = [
  {
    report: 'issue 12',
    have: 'A Temporal namespace with short retention: the history of a finished rotation is gone',
    does: '`reroot status` tells how it ended from ConfigMap `reroot-report`, and says from where',
    made: 'Temporal server: a whole rotation, whose execution is then deleted as retention does it',
    see: async () => {
      const own = await ownNamespace();
      const whole = await withWorker(own.env, async () => await reroot(WHOLE, own.env));
      expect(whole.code, whole.stderr).toBe(0);
      await forget(own, ID);
      const { code, stdout, stderr } = await reroot(['status'], own.env);
      expect(stderr).toContain('does not know it any more. This is from ConfigMap linkerd/reroot-report');
      expect(stdout).toContain('Completed.');
      expect(code).toBe(0);
      const json = await reroot(['status', '-o', 'json'], own.env);
      expect(JSON.parse(json.stdout)).toMatchObject({ workflowId: ID, outcome: 'completed' });
      const other = await reroot(['status', '--workflow-id', 'never-was'], own.env);
      expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(`ended there is ${ID}`) as string });
      return stderr.trim();
    },
  },
  {
    report: 'issue 12',
    have: 'The same: the rotation that has the Lease was terminated, and its history is gone',
    does: 'Who is not known in the same Temporal namespace has ended: the next rotation takes the Lease over',
    made: 'Temporal server and API server: a rotation in the middle, terminated and deleted; then another',
    see: async () => {
      const own = await ownNamespace();
      return await withWorker(own.env, async () => {
        expect((await reroot(ASKING, own.env)).code).toBe(3);
        await untilItAsks(own);
        const gone = await leaseHolder();
        await own.client.workflow.getHandle(ID).terminate('by hand');
        await forget(own, ID);
        const lost = await reroot(['status'], own.env);
        expect(lost.stderr).toContain(`Lease linkerd/reroot is held by workflow ${ID}`);
        expect((await reroot(ASKING, own.env)).code).toBe(3);
        await untilItAsks(own);
        const holder = await leaseHolder();
        expect(holder).not.toBe(gone);
        await abort(own.env);
        return `Lease: ${gone} is not known any more, ${holder} has it`;
      });
    },
  },
  {
    report: 'issue 12',
    have: 'A rotation that outlives the retention: its own earlier runs are gone',
    does: 'The run that goes on is found by its workflow id, keeps its Lease, and ends as if nothing had happened',
    made: 'Temporal server: a rotation that was reset to its beginning, and the run before it deleted',
    see: async () => {
      const own = await ownNamespace();
      return await withWorker(own.env, async () => {
        expect((await reroot(ASKING, own.env)).code).toBe(3);
        await untilItAsks(own);
        const holder = await leaseHolder();
        const { runId } = await own.client.workflow.getHandle(ID).describe();
        await own.client.workflowService.resetWorkflowExecution({
          namespace: own.name,
          workflowExecution: { workflowId: ID, runId },
          reason: 'a new run',
          workflowTaskFinishEventId: await firstTask(own, runId),
          requestId: `again-${runId}`,
        });
        await forget(own, ID, runId);
        await untilItAsks(own);
        expect(await leaseHolder()).toBe(holder);
        await abort(own.env);
        return `run ${runId} is gone; the run after it kept Lease ${holder} and was aborted as it should`;
      });
    },
  },
  {
    report: 13,
    have: 'A mesh with 300 namespaces and 10,000 findings',
    does: 'Names some of each reason and counts the others: a result is far below the 2 MB that Temporal takes, and the 512 KiB it warns at',
    made: 'process: findings and plan of such a mesh, as the step returns them',
    sample: true,
    see: async () => {
      const all = Array.from({ length: 10_000 }, finding);
      const result = named(all);
      const pods = all.map(({ subject: { name } }) => {
        const [namespace = '', , pod = ''] = name.split('/');
        return { namespace, workload: { namespace, kind: 'Deployment', name: pod } };
      });
      const of = { namespace: 'linkerd', leafLifeMs: HOUR_MS, pods };
      const plan = hashedPlan(request(), of, { retire: ['old'], keep: [] });
      const bytes = Buffer.byteLength(JSON.stringify({ ...result, plan }));
      expect(bytes).toBeLessThan(512 * 1024);
      expect(result.findings.length + (result.findingsOmitted?.['ProxyUnreadable'] ?? 0)).toBe(10_000);
      expect(capped(all, 5).total).toBe(10_000);
      return await Promise.resolve(
        `${Math.round(bytes / 1024)} KiB: ${result.findings.length} findings named, ${result.findingsOmitted?.['ProxyUnreadable']} counted`,
      );
    },
  },
];

async function firstTask({ client }: Namespace, runId: string) {
  const { events } = await client.workflow.getHandle(ID, runId).fetchHistory();
  const found = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed)?.eventId;
  if (!found) throw new Error('no workflow task has been completed');
  return found;
}
