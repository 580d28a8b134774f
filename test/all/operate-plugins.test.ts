import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxEnvironment, type WorkerProcess } from '../../sandbox/kit/index.js';
import { endRotations, FAST, sandbox, startRotation, startWorker, statusWhere } from '../integration/support.js';

/** The packed package with its programs on a PATH, as npm links them: called by name, as kubectl and linkerd do. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-plugins-'));
const bin = path.join(folder, 'bin');
const KUBECTL = found('kubectl');

let worker: WorkerProcess;

beforeAll(() => {
  installPackage();
  worker = startWorker();
});
afterAll(async () => {
  await endRotations();
  await worker.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(program: string, ...args: string[]): Promise<Said> {
  const env = { ...sandboxEnvironment(sandbox), NO_COLOR: '1', PATH: `${bin}:${process.env['PATH']}` };
  return await new Promise((resolve) => {
    execFile(program, args, { env, maxBuffer: 10_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

describe('the package', () => {
  it('has a program for each name, and the man page', () => {
    expect(readdirSync(bin).toSorted()).toEqual([
      'kubectl-reroot',
      'kubectl_complete-reroot',
      'linkerd-reroot',
      'reroot',
    ]);
    expect(readFileSync(path.join(folder, 'package', manifest().man), 'utf8')).toContain('.TH REROOT 1');
  });
});

describe('kubectl-reroot', () => {
  it('says the name by which it was called', async () => {
    const { code, stderr } = await run('kubectl-reroot', 'status', '--clutser', 'prod');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: kubectl reroot status'),
    });
  });
  it('tells what cluster and workers are of', async () => {
    const { code, stdout } = await run('kubectl-reroot', 'version', '-o', 'json');
    const { client, cluster, workers } = JSON.parse(stdout) as Versions;
    expect(code).toBe(0);
    expect(cluster).toMatchObject({ linkerd: { namespace: 'linkerd' }, absent: [] });
    // the worker was started from dist/, of which the package is made
    expect(workers.workers).toContainEqual(
      expect.objectContaining({ version: client.version, workflows: client.workflows }),
    );
  });
  it('shows what to type next, for a rotation that waits for approval', async () => {
    const handle = await startRotation({ ...FAST, approvals: 'everyPhase' }, 'trust-root-default');
    await statusWhere(handle, 'a question', ({ waiting }) => waiting?.kind === 'approval');
    const { code, stdout } = await run('kubectl-reroot', 'status');
    expect(code).toBe(3);
    expect(stdout).toContain('kubectl reroot approve');
    expect(stdout).not.toMatch(/(?<!kubectl )reroot approve/);
    const machine = await run('kubectl-reroot', 'status', '-o', 'json');
    expect(machine.stdout).not.toContain('kubectl reroot');
    await run('kubectl-reroot', 'abort', '--reason', 'seen enough');
  });
});

describe.skipIf(KUBECTL === undefined)('kubectl reroot', () => {
  it('is found by kubectl, and keeps its exit code', async () => {
    expect((await run('kubectl', 'reroot', 'version', '--client')).stdout).toMatch(/^reroot \d/);
    expect((await run('kubectl', 'reroot', 'explain', 'NoSuchReason')).code).toBe(2);
  });
  it('is completed by kubectl', async () => {
    const commands = await run('kubectl', '__complete', 'reroot', 'ro');
    expect(commands.stdout).toMatch(/^rotate\t/m);
    const values = await run('kubectl', '__complete', 'reroot', 'rotate', '--strategy', '');
    expect(values.stdout).toMatch(/^bridge\b/m);
  });
});

describe('linkerd-reroot', () => {
  it('announces itself to `linkerd check` under the name of its file', async () => {
    const { stdout } = await run('linkerd-reroot', '_extension-metadata');
    expect(JSON.parse(stdout)).toEqual({ name: 'linkerd-reroot', checks: 'always' });
  });
  it('answers the check with the flags that linkerd gives, in its form', async () => {
    const flags = ['--as-group=[]', '--linkerd-namespace=linkerd', '--verbose=false', '--proxy=false', '--wait=5m0s'];
    const { code, stdout } = await run('linkerd-reroot', 'check', ...flags, '--output=json');
    const { success, categories } = JSON.parse(stdout) as Checks;
    expect({ code, success }).toEqual({ code: 0, success: true });
    expect(categories).toMatchObject([{ categoryName: 'linkerd-reroot' }]);
    const [first] = categories[0]?.checks ?? [];
    expect(first).toMatchObject({ description: 'the trust root could be replaced now' });
  });
  it('has nothing on stdout where it cannot look, so that linkerd shows what it says on stderr', async () => {
    const { code, stdout, stderr } = await run('linkerd-reroot', 'check', '--kubeconfig=/nowhere', '--output=json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('/nowhere');
  });
  it('does not look as somebody else than was said', async () => {
    const { code, stderr } = await run('linkerd-reroot', 'check', '--as=jane', '--output=json');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--as') });
  });
});

interface Versions {
  client: { version: string; workflows: string };
  cluster: object;
  workers: { workers: object[] };
}

interface Checks {
  success: boolean;
  categories: { checks: object[] }[];
}

interface Manifest {
  bin: Record<string, string>;
  man: string;
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package', 'package.json'), 'utf8')) as Manifest;
}

/** What npm does without a registry: unpacks, and links what `bin` names; the dependencies are those of this checkout. */
function installPackage(): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, env, stdio: 'ignore' });
  const [tarball = ''] = readdirSync(folder);
  execFileSync('tar', ['-xzf', tarball], { cwd: folder });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  mkdirSync(bin);
  for (const [name, file] of Object.entries(manifest().bin)) {
    symlinkSync(path.join(folder, 'package', file), path.join(bin, name));
  }
}

function found(program: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
