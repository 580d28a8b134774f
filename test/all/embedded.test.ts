import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, it } from 'vitest';
import type { RotationReport } from '../../src/rotation/report.js';
import { endHost, hostState, middleOfRotation, rerootAlone, STANDARD, stopHost } from '../integration/embedded.js';

afterAll(endHost);

it('a rotation that was terminated is taken over by the next one, although the server is at another port by then', async () => {
  await rerootAlone(...STANDARD, '--detach');
  await middleOfRotation();
  const { address } = hostState();
  await terminateAt(address);
  await stopHost();

  const again = await rerootAlone(...STANDARD, '-o', 'json');
  expect(again).toMatchObject({ code: 0 });
  expect((JSON.parse(again.stdout) as RotationReport).adopted).toBe(true);
  expect(hostState().address).not.toBe(address);
  await stopHost();
});

async function terminateAt(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    await workflow.getHandle(workflowId).terminate('by a person, in the UI');
  }
  await connection.close();
}
