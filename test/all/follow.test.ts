import { spawn } from 'node:child_process';
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cliProgram, sandboxEnvironment } from '../../sandbox/kit/index.js';
import { client, eventually, reroot, sandbox } from '../integration/support.js';

/** A rotation that no worker serves changes nothing, and lasts as long as it is looked at. */
const QUEUE = 'nobody-polls-this';
const ID = 'trust-root-away';

/** The way to the sandbox's Temporal server, which can be cut. */
const [host = '', port = ''] = sandbox.temporal.address.split(':');
const open = new Set<net.Socket>();
const way = net.createServer((near) => {
  const far = net.connect({ host, port: Number(port) });
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
  }
});
let address = '';

beforeAll(async () => {
  await listen(0);
  address = `127.0.0.1:${portOf()}`;
  const { workflow } = await client();
  await workflow.start('rotateTrustRoot', { taskQueue: QUEUE, workflowId: ID, args: [{ cluster: 'away' }] });
});
afterAll(async () => {
  await cut();
  const { workflow } = await client();
  await workflow
    .getHandle(ID)
    .terminate('end of a test')
    .catch(() => undefined);
});

async function listen(at: number): Promise<void> {
  await new Promise<void>((resolve) => way.listen(at, '127.0.0.1', resolve));
}

function portOf(): number {
  return (way.address() as net.AddressInfo).port;
}

async function cut(): Promise<void> {
  const closed = new Promise((resolve) => way.close(resolve));
  for (const socket of open) socket.destroy();
  open.clear();
  await closed;
}

it('rotate follows past a server that was away for a moment, names one that stays away, and the rotation goes on', async () => {
  const env = { ...sandboxEnvironment(sandbox), TEMPORAL_ADDRESS: address };
  const following = spawn(process.execPath, [cliProgram(), 'rotate', '--cluster', 'away'], { env });
  let said = '';
  for (const stream of [following.stdout, following.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const ended = new Promise<number | null>((resolve) => following.once('exit', resolve));
  const hears = async (words: string) => await eventually(words, async () => said.includes(words));

  await hears('Found the running rotation');
  await cut();
  await hears(`the Temporal server at ${address} does not answer; the rotation goes on as soon as it is back`);
  await listen(Number(address.split(':')[1]));
  await hears(`the Temporal server at ${address} answers again`);
  await cut();
  expect(await ended).toBe(3);
  expect(said).toContain(`The Temporal server at ${address} does not answer any more`);
  expect(said).toContain('Follow it again with: reroot rotate --cluster away');
});

it('status needs no worker: without one it says so, and of an end what is left', async () => {
  const unserved = await reroot(['status', '--cluster', 'away']);
  expect(unserved.code).toBe(3);
  expect(`${unserved.stdout}${unserved.stderr}`).toMatch(/no worker/i);
  const { workflow } = await client();
  await workflow.getHandle(ID).terminate('the operator had enough');
  const ended = await reroot(['status', '--cluster', 'away']);
  expect(ended.stdout).toMatch(/Terminated at .*: the operator had enough/);
  expect(ended.stdout).toContain('`reroot rotate --cluster away`');
  expect(ended.code).toBe(1);
});
