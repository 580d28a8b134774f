// Bundles the programs and the package's entry into dist/. @kubernetes/client-node wants undici 8, which Node 20 cannot
// load; package.json overrides it with 7, and only a bundle carries that choice into the published package.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const SOURCES = [
  'src',
  'workflows',
  'activities',
  'worker',
  'sandbox',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];
const ENTRIES = {
  cli: 'src/cli/main.ts',
  sandbox: 'sandbox/main.ts',
  demo: 'sandbox/demo/main.ts',
  bench: 'sandbox/bench/main.ts',
  docs: 'src/cli/reference/main.ts',
};
/** The command line by other names (src/cli/called.ts): kubectl and linkerd find plugins on the PATH. */
const PLUGINS = {
  'kubectl-reroot.js': "import './cli.js';",
  'linkerd-reroot.js': "import './cli.js';",
  // kubectl asks it what may follow `kubectl reroot …`
  'kubectl_complete-reroot.js': "process.argv.splice(2, 0, 'complete', '--');\nawait import('./cli.js');",
};
/** Native code and what shares its types: installed, not bundled. playwright-core finds its own files beside it. */
const EXTERNAL = ['@temporalio/*', 'playwright-core'];

/** Builds when a source is newer than the build. @returns whether anything had to be built */
export async function build({ force = false } = {}) {
  const stamp = path.join(DIST, '.stamp');
  const hash = sourcesHash();
  if (!force && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  await Promise.all([bundlePrograms(), bundleEntry(), declareEntry(), bundleWorkflows()]);
  writeFileSync(stamp, hash);
  return true;
}

async function bundlePrograms() {
  const { build: esbuild } = await import('esbuild');
  const entries = Object.entries(ENTRIES).filter(([, source]) => existsSync(path.join(ROOT, source)));
  await esbuild({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(entries),
    outdir: DIST,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'linked',
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true, // a worker parses all of it: half the text is megabytes of memory
    legalComments: 'linked',
    logLevel: 'error',
    external: EXTERNAL,
    // CommonJS packages inside an ES module bundle call require
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  makeProgram('cli.js', readFileSync(path.join(DIST, 'cli.js'), 'utf8'));
  for (const [file, code] of Object.entries(PLUGINS)) makeProgram(file, `${code}\n`);
}

function makeProgram(file, code) {
  const target = path.join(DIST, file);
  writeFileSync(target, `#!/usr/bin/env node\n${code}`);
  chmodSync(target, 0o755);
}

/** What `import 'reroot'` loads: small and readable, for a client as for workflow code of somebody else. */
async function bundleEntry() {
  const { build: esbuild } = await import('esbuild');
  await esbuild({
    absWorkingDir: ROOT,
    entryPoints: ['src/index.ts'],
    outfile: path.join(DIST, 'index.js'),
    bundle: true,
    packages: 'external',
    platform: 'neutral',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
  });
}

/** Nothing is checked here, so that a build lasts no longer for it and a half-written file stops nobody. */
async function declareEntry() {
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(tsc, ['-p', path.join(import.meta.dirname, 'tsconfig.declarations.json')]);
}

/** The workflows' code, and the same with OpenTelemetry's interceptors in it: who traces nothing does not load those. */
async function bundleWorkflows() {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const code = { workflowsPath: path.join(ROOT, 'workflows', 'index.ts'), logger: new DefaultLogger('WARN') };
  const traced = { ...code, workflowInterceptorModules: [path.join(ROOT, 'workflows', 'traced.ts')] };
  const bundles = await Promise.all([code, traced].map((options) => bundleWorkflowCode(options)));
  for (const [index, name] of ['workflows.js', 'workflows-traced.js'].entries())
    writeFileSync(path.join(DIST, name), bundles[index].code);
}

function sourcesHash() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of filesUnder(path.join(ROOT, source)))
      hash.update(path.relative(ROOT, file)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesUnder(target) {
  if (!existsSync(target)) return [];
  if (!path.extname(target)) {
    return readdirSync(target, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|mjs|json|yaml)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
      .toSorted();
  }
  return [target];
}
