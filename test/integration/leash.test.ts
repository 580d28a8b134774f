import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isAlive, startSandbox, tool } from '../../sandbox/kit/index.js';
import { eventually } from './support.js';

it('a leashed process ends when its parent is killed', async () => {
  const script = `const { spawn } = require('node:child_process');
    const child = spawn(process.argv[1], ['sleep', '600'], { stdio: 'ignore' });
    process.stdout.write(String(child.pid) + '\\n'); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', script, tool('leash')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
  );
  await eventually(
    'the child to run',
    async () => isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep'),
  );
  parent.kill('SIGKILL');
  await eventually('the child to end', async () => !isAlive(pid), 5000);
});

it('a second sandbox runs beside the first, and SIGKILL of its host leaves none of its processes', async () => {
  const sandbox = await startSandbox({ apps: 'none', kubeletLagMs: 100, probeRate: 10 });
  expect(sandbox.servers.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kwok',
      'temporal',
      'standin',
    ]),
  );
  process.kill(sandbox.pid, 'SIGKILL');
  await eventually('all of them to end', async () => sandbox.servers.every(({ pid }) => !isAlive(pid)), 10_000);
});

it('a server of a sandbox that ends by itself takes the others with it, and the log says which', async () => {
  const sandbox = await startSandbox({ apps: 'none', kubeletLagMs: 100, probeRate: 10 });
  const scheduler = sandbox.servers.find(({ name }) => name === 'kube-scheduler');
  if (!scheduler) throw new Error('it has no scheduler');
  process.kill(scheduler.pid, 'SIGKILL');
  await eventually('all of them to end', async () => sandbox.servers.every(({ pid }) => !isAlive(pid)), 10_000);
  expect(readFileSync(`${sandbox.folder}/host.log`, 'utf8')).toContain('kube-scheduler has ended by itself');
  await sandbox.stop();
});
