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
const KUBERNETES = pinned('kubernetes', 'k8s.io/kubernetes');
const [MAJOR, MINOR] = KUBERNETES.slice(1).split('.');
const STAMP = [
  `gitVersion=${KUBERNETES}`,
  `gitMajor=${MAJOR}`,
  `gitMinor=${MINOR}`,
  'gitTreeState=clean',
  `gitCommit=${'0'.repeat(40)}`,
  'buildDate=2026-01-01T00:00:00Z',
]
  .map((value) => `-X k8s.io/component-base/version.${value}`)
  .join(' ');

function kubernetes(name) {
  return {
    name,
    folder: 'tools/kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    ldflags: STAMP,
    says: `Kubernetes ${KUBERNETES}`,
  };
}

/**
 * name: of the file and, as REROOT_<NAME>, of the variable that names another one. says: the beginning of what `--version`
 * of one on the PATH must print, up to a blank or the end of its line: the pinned version and no other; absent for
 * programs that are part of this repository. optional: built only for those who ask for it by name. definitions: the
 * module whose `deploy/crds` are put beside the program, in `crds`.
 */
export const TOOLS = [
  { name: 'leash', folder: 'tools/leash', package: '.' },
  {
    name: 'etcd',
    folder: 'tools/kubernetes',
    package: 'go.etcd.io/etcd/server/v3',
    says: `etcd Version: ${pinned('kubernetes', 'go.etcd.io/etcd/server/v3').slice(1)}`,
  },
  kubernetes('kube-apiserver'),
  kubernetes('kube-controller-manager'),
  kubernetes('kube-scheduler'),
  {
    name: 'kwok',
    folder: 'tools/kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    says: `kwok version ${pinned('kwok', 'sigs.k8s.io/kwok')}`,
  },
  {
    name: 'temporal',
    folder: 'tools/temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    says: `temporal version ${pinned('temporal', 'github.com/temporalio/cli').slice(1)}`,
  },
  { name: 'standin', folder: 'sandbox/linkerd/standin', package: '.' },
  {
    name: 'cert-manager',
    folder: 'tools/cert-manager',
    package: '.',
    optional: true,
    definitions: 'github.com/cert-manager/cert-manager',
  },
  {
    name: 'trust-manager',
    folder: 'tools/trust-manager',
    package: '.',
    optional: true,
    definitions: 'github.com/cert-manager/trust-manager',
  },
  { name: 'helm', folder: 'tools/helm', package: 'helm.sh/helm/v3/cmd/helm', optional: true },
];

/** The version of a module that a go.mod of ours requires, such as `v1.36.3`. */
function pinned(folder, module) {
  const lines = readFileSync(path.join(ROOT, 'tools', folder, 'go.mod'), 'utf8').split('\n');
  const required = lines.map((line) => line.trim().split(' ')).find(([name, what]) => name === module && what);
  const version = required?.[1];
  if (!version) throw new Error(`tools/${folder}/go.mod does not require ${module}`);
  return version;
}

/** The environment with the variables of these tools, of all that are not optional by default; builds what is nowhere. */
export async function environmentWith(names, env = process.env) {
  const tools = names ? TOOLS.filter(({ name }) => names.includes(name)) : ALWAYS;
  const found = await ensureTools({ env, tools });
  return { ...env, ...Object.fromEntries(Object.entries(found).map(([name, file]) => [variableOf(name), file])) };
}

export function variableOf(name) {
  return `REROOT_${name.toUpperCase().replaceAll('-', '_')}`;
}

export function cacheFolder(env = process.env) {
  return path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'reroot', 'tools');
}

/** The tools that nobody has to ask for. */
const ALWAYS = TOOLS.filter(({ optional }) => !optional);

/** Paths of all these tools, by name; builds those that are nowhere. */
export async function ensureTools({ env = process.env, tools = ALWAYS, report = stderrReporter() } = {}) {
  const found = new Map();
  const missing = [];
  const go = goOf(env);
  for (const tool of tools) {
    const where = findTool(tool, env, go);
    if (where) found.set(tool.name, where);
    else missing.push(tool);
  }
  if (missing.length > 0) await buildAll(missing, found, { env, report, go });
  return Object.fromEntries(found);
}

export function findTool(tool, env, go = goOf(env)) {
  const named = env[variableOf(tool.name)];
  if (named) {
    if (!existsSync(named)) throw new Error(`${variableOf(tool.name)} names ${named}, which does not exist`);
    return named;
  }
  if (tool.says) {
    for (const folder of (env.PATH ?? '').split(path.delimiter)) {
      const candidate = path.join(folder, tool.name);
      if (folder && existsSync(candidate) && isPinned(tool, versionOf(candidate))) return candidate;
    }
  }
  if (!go) return undefined; // nobody can say by which one a cached program was built
  const cached = cachedPath(tool, env, go);
  return existsSync(cached) ? cached : undefined;
}

/** Whether this is what `--version` of the pinned version prints: `1.5.1`, and neither `1.5.10` nor `1.5.1-rc.1`. */
export function isPinned({ says }, version) {
  return version.split('\n').some((line) => line === says || line.startsWith(`${says} `));
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

/** How a build is done, whatever the environment says; what go.sum does not list ends it. */
export const BUILD_ENV = {
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly -trimpath -buildvcs=false',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
};

/** A program that is built from exactly these sources, in exactly this way, by exactly this Go. */
export function cachedPath(tool, env = process.env, go = goOf(env)) {
  const root = path.join(ROOT, tool.folder);
  const how = [tool.name, tool.package, tool.ldflags ?? '', BUILD_ENV, go, ...(tool.definitions ? ['crds'] : [])];
  const sources = sourceFiles(root).map((file) => [path.relative(root, file), sha256(readFileSync(file))]);
  const key = sha256(JSON.stringify([how, sources])).slice(0, 32);
  return path.join(cacheFolder(env), `${tool.name}-${key}`, tool.name);
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function sourceFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(go|mod|sum)$/.test(entry.name) && !entry.name.endsWith('_test.go'))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

/** Version and target of the Go on the PATH, one a line; undefined where there is none. */
export function goOf(env) {
  try {
    const about = ['GOVERSION', 'GOOS', 'GOARCH', 'GOAMD64', 'GOARM64', 'GOEXPERIMENT'];
    const options = { encoding: 'utf8', env: { ...env, ...BUILD_ENV }, stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('go', ['env', ...about], options).trim();
  } catch {
    return undefined;
  }
}

async function buildAll(missing, found, { env, report, go }) {
  requireGo(go);
  const cache = cacheFolder(env);
  mkdirSync(cache, { recursive: true });
  const unlock = await lock(path.join(cache, 'lock'), report);
  try {
    const needed = missing.filter((tool) => !existsSync(cachedPath(tool, env, go)));
    const began = Date.now();
    for (const [index, tool] of needed.entries())
      await build(tool, { env, report, go, position: `${index + 1} of ${needed.length}` });
    if (needed.length > 0) report.line(`built ${needed.length} tools in ${seconds(began)}; kept in ${cache}`);
    for (const tool of missing) found.set(tool.name, cachedPath(tool, env, go));
  } finally {
    unlock();
  }
}

/** Builds beside the cache's place and renames, so that an interrupted build leaves nothing that looks finished. */
async function build(tool, { env, report, go, position }) {
  const target = cachedPath(tool, env, go);
  const scratch = mkdtempSync(path.join(cacheFolder(env), `building-${tool.name}-`));
  const began = Date.now();
  report.begin(`building ${tool.name} (${position})`, began);
  try {
    const args = [
      'build',
      '-ldflags',
      ['-s -w', tool.ldflags].filter(Boolean).join(' '),
      '-o',
      path.join(scratch, tool.name),
      tool.package,
    ];
    const options = { cwd: path.join(ROOT, tool.folder), env: { ...env, ...BUILD_ENV } };
    await run('go', args, options);
    if (tool.definitions) copyDefinitions(tool.definitions, path.join(scratch, 'crds'), options);
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

/** Whoever uses the program later needs neither Go nor its modules. */
function copyDefinitions(module, target, options) {
  const asked = ['list', '-m', '-f', '{{.Dir}}', module];
  const folder = execFileSync('go', asked, { ...options, encoding: 'utf8' }).trim();
  const crds = path.join(folder, 'deploy', 'crds');
  mkdirSync(target);
  for (const file of readdirSync(crds).filter((name) => name.endsWith('.yaml')))
    writeFileSync(path.join(target, file), readFileSync(path.join(crds, file)));
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

function requireGo(go) {
  if (go === undefined)
    throw new Error(
      'Go is needed to build the sandbox (Kubernetes, etcd, kwok, Temporal) and is not on the PATH.\nInstall Go 1.26 or newer: https://go.dev/doc/install',
    );
  const [, minor] = /^go1\.(\d+)/.exec(go) ?? [];
  if (Number(minor) < 26)
    throw new Error(
      `Go 1.26 or newer is needed to build the sandbox; this is ${go.split('\n')[0]}.\nhttps://go.dev/doc/install`,
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
