// One way in for everything: `node scripts/run.mjs demo|test|sandbox|bench|build|check|docs|sbom|image [arguments]`. It installs
// and builds what is missing, then runs it. Plain Node, so that it works before anything is installed. Set-up talks on stderr only.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { install } from './install.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const BIN = path.join(ROOT, 'node_modules', '.bin');
const [command = 'help', ...args] = process.argv.slice(2);

const COMMANDS = {
  demo: async () => await program('demo.js'),
  sandbox: async () => await program('sandbox.js'),
  bench: async () => await program('bench.js'),
  test: async () => await tests(['run', '--exclude', 'test/all/**']),
  'test:all': async () => await tests(['run']),
  build: async () => {
    await install(ROOT, say);
    const { build } = await import('./build.mjs');
    say((await build({ force: args.includes('--force') })) ? 'built dist/' : 'dist/ is up to date');
    return 0;
  },
  check: async () => await check(),
  docs: async () => {
    await install(ROOT, say);
    const { build } = await import('./build.mjs');
    await build();
    const code = await run(process.execPath, [path.join(ROOT, 'dist', 'docs.js')], { cwd: ROOT });
    if (code !== 0) return code;
    return await run(path.join(BIN, 'prettier'), ['--write', '--log-level', 'warn', 'docs/cli-reference.md'], {
      cwd: ROOT,
    });
  },
  sbom: async () => {
    await install(ROOT, say);
    const { writeBills } = await import('./sbom.mjs');
    for (const file of await writeBills()) say(path.relative(ROOT, file));
    return 0;
  },
  image: async () => {
    const { buildImage } = await import('./image.mjs');
    await buildImage(args, say);
    return 0;
  },
};

process.exitCode = await main();

async function main() {
  const action = COMMANDS[command];
  if (!action) {
    say(`usage: node scripts/run.mjs ${Object.keys(COMMANDS).join('|')}`);
    return 2;
  }
  try {
    requireNode();
    return await action();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function program(file) {
  const env = await ready();
  return await run(process.execPath, [path.join(ROOT, 'dist', file), ...args], { env });
}

async function tests(vitest) {
  const env = await ready();
  return await run(path.join(BIN, 'vitest'), [...vitest, ...args], { env });
}

/** Everything that a run needs: packages, dist/, tools. */
async function ready() {
  await install(ROOT, say);
  const [{ build }, { environmentWith }] = [await import('./build.mjs'), await import('./tools.mjs')];
  await build();
  return await environmentWith();
}

async function check() {
  await install(ROOT, say);
  const steps = [
    ['types', 'tsc', ['--noEmit']],
    ['lint', 'oxlint', ['--type-aware', '--max-warnings=0']],
    ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
    ['go vet', 'go', ['vet', './...'], path.join(ROOT, 'sandbox', 'linkerd', 'standin')],
  ];
  let failed = 0;
  for (const [name, tool, flags, cwd] of steps) {
    const began = Date.now();
    const file = tool === 'go' ? 'go' : path.join(BIN, tool);
    const code = await run(file, flags, { cwd });
    say(`${code === 0 ? 'ok  ' : 'FAIL'} ${String(name)} (${Math.round((Date.now() - began) / 100) / 10} s)`);
    if (code !== 0) failed += 1;
  }
  return failed === 0 ? 0 : 1;
}

function run(file, flags, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, flags, { stdio: 'inherit', ...options });
    const pass = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (!fits) throw new Error(`Node 20.19, 22.12 or 24 (or newer) is needed; this is ${process.version}`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
