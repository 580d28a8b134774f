import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** A project of somebody else, with the packed package in its node_modules and docs/pipeline.md as its program. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const consumer = mkdtempSync(path.join(tmpdir(), 'reroot-consumer-'));
const pipeline = snippet(path.join(ROOT, 'docs', 'pipeline.md'));

/** The pipeline with one mistake each, and what the compiler has to say about it. */
const MISTAKES = [
  {
    mistake: 'a field that the input does not have',
    right: "strategy: 'bridge'",
    wrong: "stratgy: 'bridge'",
    error: /'stratgy' does not exist in type/,
  },
  {
    mistake: 'a value that the field does not take',
    right: "strategy: 'bridge'",
    wrong: "strategy: 'brigde'",
    error: /'"brigde"' is not assignable to type/,
  },
  {
    mistake: 'an input that is not one of this workflow',
    right: 'args: [input]',
    wrong: "args: ['prod']",
    error: /Type 'string' has no properties in common with type/,
  },
  {
    mistake: 'a field that the status does not have',
    right: 'waiting?.todo',
    wrong: 'waiting?.toDo',
    error: /Property 'toDo' does not exist on type 'Waiting'/,
  },
  {
    mistake: 'an update without its argument',
    right: "planHash: waiting.planHash, by: 'pipeline'",
    wrong: "by: 'pipeline'",
    error: /No overload matches this call/,
  },
];

let errors: string[] = [];

beforeAll(async () => {
  await installPackage();
  writeFileSync(path.join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  const mistakes = MISTAKES.map(
    ({ right, wrong }, at) => [`mistake-${at}.ts`, pipeline.replace(right, wrong)] as const,
  );
  errors = await compile({ 'pipeline.ts': pipeline, ...Object.fromEntries(mistakes) });
}, 120_000);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

it('compiles the pipeline of the docs against the packed package', () => {
  expect(errors.filter((line) => !line.startsWith('mistake-'))).toEqual([]);
});

it.each(MISTAKES.map(({ mistake, right, error }, at) => [mistake, right, error, at] as const))(
  'makes %s an error of the compiler',
  (_, right, error, at) => {
    expect(pipeline).toContain(right);
    expect(errors.filter((line) => line.startsWith(`mistake-${at}.ts`))).toEqual([
      expect.stringMatching(error) as string,
    ]);
  },
);

it('loads in plain Node, leaves no trace there, and lets it end', async () => {
  const program = `
    const before = new Set(Reflect.ownKeys(globalThis));
    const reroot = await import('reroot');
    const { rotateTrustRoot, rotateIssuer, approve, status, workflowIdFor } = reroot;
    const traces = Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).map(String);
    const refusal = await rotateTrustRoot().catch((error) => error.message);
    console.log(JSON.stringify({
      names: Object.keys(reroot),
      workflows: [rotateTrustRoot.name, rotateIssuer.name],
      messages: [approve.name, approve.type, status.name, status.type],
      id: workflowIdFor('prod'),
      traces,
      refusal,
    }));`;
  writeFileSync(path.join(consumer, 'look.mjs'), program);
  const { stdout } = await run(process.execPath, ['look.mjs'], consumer);
  expect(JSON.parse(stdout)).toEqual({
    names: [
      ...['ISSUER_WORKFLOW_TYPE', 'SEARCH_ATTRIBUTES', 'TASK_QUEUE', 'WATCH_WORKFLOW_TYPE', 'WORKFLOW_TYPE'],
      ...[
        'abort',
        'approve',
        'approveRenewal',
        'lookNow',
        'pause',
        'resume',
        'retry',
        'rotateIssuer',
        'rotateTrustRoot',
        'status',
        'strategy',
        'unwaive',
        'waive',
        'watchIdFor',
        'watchStatus',
        'watchTrustRoot',
        'workflowIdFor',
      ],
    ],
    workflows: ['rotateTrustRoot', 'rotateIssuer'],
    messages: ['approve', 'update', 'status', 'query'],
    id: 'trust-root-prod',
    traces: [],
    refusal: expect.stringContaining('workflow.start') as string,
  });
});

/** Beside it only what it declares: an import of anything else fails, as it would elsewhere. Needs no registry. */
async function installPackage(): Promise<void> {
  const modules = path.join(consumer, 'node_modules');
  const installed = path.join(modules, 'reroot');
  mkdirSync(installed, { recursive: true });
  await run('npm', ['pack', '--pack-destination', consumer], ROOT);
  const [tarball = ''] = readdirSync(consumer).filter((name) => name.endsWith('.tgz'));
  await run('tar', ['-xzf', path.join(consumer, tarball), '-C', installed, '--strip-components=1'], consumer);
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
}

/** @returns what the compiler has against these files, one entry an error; it checks all declarations, ours too */
async function compile(files: Record<string, string>): Promise<string[]> {
  // @temporalio/common (1.24) declares with types of `ms`, which has none
  const sources = { ...files, 'ms.d.ts': "declare module 'ms' { export type StringValue = string; }" };
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  };
  for (const [name, source] of Object.entries(sources)) writeFileSync(path.join(consumer, name), source);
  const tsconfig = { compilerOptions, files: Object.keys(sources) };
  writeFileSync(path.join(consumer, 'tsconfig.json'), JSON.stringify(tsconfig));
  const said = await run(
    path.join(ROOT, 'node_modules', '.bin', 'tsc'),
    ['-p', '.', '--pretty', 'false'],
    consumer,
  ).catch((error: unknown) => error as { stdout: string });
  return said.stdout
    .trimEnd()
    .split(/\n(?=\S)/)
    .filter((line) => line !== '');
}

function snippet(page: string): string {
  const [, source = ''] = /```ts\n(.*?)```/s.exec(readFileSync(page, 'utf8')) ?? [];
  return source;
}

async function run(file: string, args: string[], cwd: string): Promise<{ stdout: string }> {
  return await promisify(execFile)(file, args, { cwd });
}
