// Finds or builds the programs that the sandbox runs: environment variable, PATH, cache, `go build`.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = path.resolve(import.meta.dirname, '..');
const KUBERNETES = 'v1.36.3';
const STAMP = [
  'gitVersion=' + KUBERNETES,
  'gitMajor=1',
  'gitMinor=36',
  'gitTreeState=clean',
  `gitCommit=${'0'.repeat(40)}`,
  'buildDate=2026-01-01T00:00:00Z',
]
  .map((value) => `-X k8s.io/component-base/version.${value}`)
  .join(' ');

/**
 * name: of the file and, as REROOT_<NAME>, of the variable that names another one. fits: what `--version` of one on the
 * PATH must say; absent for programs that are part of this repository.
 */
export const TOOLS = [
  { name: 'leash', folder: 'tools/leash', package: '.' },
  { name: 'etcd', folder: 'tools/kubernetes', package: 'go.etcd.io/etcd/server/v3', fits: /etcd Version: 3\.[56]\./ },
  {
    name: 'kube-apiserver',
    folder: 'tools/kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    ldflags: STAMP,
    fits: /v1\.36\./,
  },
  {
    name: 'kube-controller-manager',
    folder: 'tools/kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    ldflags: STAMP,
    fits: /v1\.36\./,
  },
  {
    name: 'kube-scheduler',
    folder: 'tools/kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    ldflags: STAMP,
    fits: /v1\.36\./,
  },
  { name: 'kwok', folder: 'tools/kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', fits: /v0\.8\./ },
  {
    name: 'temporal',
    folder: 'tools/temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    fits: /version 1\.([5-9]|\d\d)\./,
  },
  { name: 'standin', folder: 'sandbox/linkerd/standin', package: '.' },
];

export function variableOf(name) {
  return `REROOT_${name.toUpperCase().replaceAll('-', '_')}`;
}

export function cacheFolder(env = process.env) {
  return path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'reroot', 'tools');
}

/** Paths of all tools, by name; builds those that are nowhere. */
export async function ensureTools({ env = process.env, tools = TOOLS, report = stderrReporter() } = {}) {
  const found = new Map();
  const missing = [];
  for (const tool of tools) {
    const where = findTool(tool, env);
    if (where) found.set(tool.name, where);
    else missing.push(tool);
  }
  if (missing.length > 0) await buildAll(missing, found, env, report);
  return Object.fromEntries(found);
}

function findTool(tool, env) {
  const named = env[variableOf(tool.name)];
  if (named) {
    if (!existsSync(named)) throw new Error(`${variableOf(tool.name)} names ${named}, which does not exist`);
    return named;
  }
  if (tool.fits) {
    for (const folder of (env.PATH ?? '').split(path.delimiter)) {
      const candidate = path.join(folder, tool.name);
      if (folder && existsSync(candidate) && tool.fits.test(versionOf(candidate))) return candidate;
    }
  }
  const cached = cachedPath(tool, env);
  return existsSync(cached) ? cached : undefined;
}

function versionOf(program) {
  try {
    return execFileSync(program, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

export function cachedPath(tool, env = process.env) {
  const hash = createHash('sha256').update(JSON.stringify([tool.package, tool.ldflags ?? '']));
  for (const file of sourceFiles(path.join(ROOT, tool.folder)))
    hash.update(path.basename(file)).update(readFileSync(file));
  return path.join(cacheFolder(env), `${tool.name}-${hash.digest('hex').slice(0, 16)}`, tool.name);
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(go|mod|sum)$/.test(entry.name) && !entry.name.endsWith('_test.go'))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

async function buildAll(missing, found, env, report) {
  const cache = cacheFolder(env);
  mkdirSync(cache, { recursive: true });
  const unlock = await lock(path.join(cache, 'lock'), report);
  try {
    const needed = missing.filter((tool) => !existsSync(cachedPath(tool, env)));
    if (needed.length > 0) requireGo(env);
    const began = Date.now();
    for (const [index, tool] of needed.entries()) await build(tool, env, report, `${index + 1} of ${needed.length}`);
    if (needed.length > 0) report.line(`built ${needed.length} tools in ${seconds(began)}; kept in ${cache}`);
    for (const tool of missing) found.set(tool.name, cachedPath(tool, env));
  } finally {
    unlock();
  }
}

/** Builds beside the cache's place and renames, so that an interrupted build leaves nothing that looks finished. */
async function build(tool, env, report, position) {
  const target = cachedPath(tool, env);
  const scratch = mkdtempSync(path.join(cacheFolder(env), `building-${tool.name}-`));
  const began = Date.now();
  report.begin(`building ${tool.name} (${position})`, began);
  try {
    const args = [
      'build',
      '-trimpath',
      '-ldflags',
      ['-s -w', tool.ldflags].filter(Boolean).join(' '),
      '-o',
      path.join(scratch, tool.name),
      tool.package,
    ];
    await run('go', args, {
      cwd: path.join(ROOT, tool.folder),
      env: { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    });
    mkdirSync(path.dirname(path.dirname(target)), { recursive: true });
    try {
      renameSync(scratch, path.dirname(target));
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    report.end(`built ${tool.name} (${position}) in ${seconds(began)}`);
  }
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => (errors = (errors + text).slice(-4000)));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${errors}`));
    });
  });
}

function requireGo(env) {
  let version = '';
  try {
    version = execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env });
  } catch {
    throw new Error(
      'Go is needed to build the sandbox (Kubernetes, etcd, kwok, Temporal) and is not on the PATH.\nInstall Go 1.26 or newer: https://go.dev/doc/install',
    );
  }
  const [, minor] = /go1\.(\d+)/.exec(version) ?? [];
  if (Number(minor) < 26)
    throw new Error(
      `Go 1.26 or newer is needed to build the sandbox; this is ${version.trim()}.\nhttps://go.dev/doc/install`,
    );
}

/** One builder at a time; a lock whose process is gone is taken over. */
export async function lock(file, report = stderrReporter()) {
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && !isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) report.line(`waiting for process ${holder ?? '?'}, which is building the tools`);
    told = true;
    await sleep(500);
  }
}

function readHolder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0) return pid;
    // not written yet, or its writer died at that very moment
    return Date.now() - statSync(file).mtimeMs > 5000 ? -1 : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function seconds(since) {
  const total = Math.round((Date.now() - since) / 1000);
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} m ${total % 60} s`;
}

/** Progress on stderr: a line that counts on a terminal, plain lines elsewhere. */
export function stderrReporter(stream = process.stderr) {
  let timer;
  return {
    line: (text) => stream.write(`${text}\n`),
    begin(text, since) {
      stream.write(stream.isTTY ? text : `${text}\n`);
      if (stream.isTTY) timer = setInterval(() => stream.write(`\r\x1b[K${text} ${seconds(since)}`), 1000);
    },
    end(text) {
      clearInterval(timer);
      stream.write(stream.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    },
  };
}
