// Bases for deploy/image/Dockerfile out of Debian packages and Node from npm, for where no registry of images can be reached: laid
// out as distroless has it (/nodejs/bin/node, user 65532, no shell, no package manager) and, for building, with a shell and npm.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const SUITE = 'bookworm';
/** What Node and Temporal's native part load, roots for TLS, time zones; as distroless/cc has it. */
const RUNTIME = [
  'base-files',
  'netbase',
  'tzdata',
  'ca-certificates',
  'libc6',
  'libgcc-s1',
  'gcc-12-base',
  'libstdc++6',
];
const BUILDING = ['dash', 'coreutils'];
/** The Node of the Dockerfile's bases (a test compares the two), from npm's packages of Node's own builds. */
export const NODE = {
  version: '22.23.3',
  x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  arm64: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
};
const MOST_OUTPUT = 16 * 1024 * 1024;

/**
 * Makes both bases' root file systems, and has them built.
 * @param build `(dockerfile, context, tag)`: builds an image
 * @param say a line for people
 * @returns their names
 * @throws Error when a program is not there, or a download is not what it should be
 */
export async function debianBases(build, say) {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-image-base-'));
  try {
    const building = path.join(folder, 'building', 'root');
    const runtime = path.join(folder, 'runtime', 'root');
    say(`base: Debian packages of ${SUITE} (mmdebstrap), Node ${NODE.version} and npm from the npm registry`);
    const [node, npm] = [await unpacked(nodePackage(), folder), await unpacked(await npmPackage(), folder)];
    await extractDebian(building);
    const archives = path.join(building, 'var/cache/apt/archives');
    await layRuntime(runtime, archives, node);
    layBuilding(building, { runtime, node, npm });
    for (const root of [building, runtime]) await archived(root); // a COPY would make all of it root's
    const tags = {
      BUILD_BASE: `localhost/reroot-base-build:${NODE.version}`,
      RUNTIME_BASE: `localhost/reroot-base:${NODE.version}`,
    };
    await build(dockerfileOf('0:0', 'PATH=/usr/local/bin:/usr/bin:/bin'), path.dirname(building), tags.BUILD_BASE);
    await build(
      dockerfileOf('65532:65532', 'PATH=/usr/local/bin:/usr/bin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'),
      path.dirname(runtime),
      tags.RUNTIME_BASE,
    );
    return tags;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dockerfileOf(user, env) {
  return `FROM scratch\nADD root.tar /\nENV ${env}\nUSER ${user}\nWORKDIR ${user === '0:0' ? '/' : '/home/nonroot'}\n`;
}

/** Files only: no script of a package runs. The packages themselves stay in apt's cache. */
async function extractDebian(root) {
  mkdirSync(root, { recursive: true });
  const include = `--include=${[...RUNTIME, ...BUILDING].join(',')}`;
  await run('mmdebstrap', ['--quiet', '--variant=extract', '--skip=cleanup/apt', include, SUITE, root]).catch(
    (error) => {
      if (error.code === 'ENOENT')
        throw new Error('a base of Debian packages needs mmdebstrap: apt-get install mmdebstrap buildah');
      throw error;
    },
  );
}

/** As distroless: each package by itself, with what dpkg would know of it in a file of its own. */
async function layRuntime(root, archives, node) {
  const status = path.join(root, 'var/lib/dpkg/status.d');
  mkdirSync(status, { recursive: true });
  const files = readdirSync(archives);
  for (const name of RUNTIME) {
    const file = files.find((each) => each.startsWith(`${name}_`));
    if (!file) throw new Error(`apt has downloaded no package ${name}`);
    await run('dpkg-deb', ['-x', path.join(archives, file), root]);
    writeFileSync(path.join(status, name), await run('dpkg-deb', ['-f', path.join(archives, file)]));
  }
  trustRoots(root);
  for (const gone of [
    'usr/share/ca-certificates',
    'usr/share/man',
    'usr/share/lintian',
    'usr/sbin/update-ca-certificates',
    'var/cache',
    'var/log',
  ])
    rmSync(path.join(root, gone), { recursive: true, force: true });
  writeFileSync(
    path.join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n');
  writeFileSync(path.join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  const home = path.join(root, 'home/nonroot');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(home, 65532, 65532);
  mkdirSync(path.join(root, 'tmp'), { recursive: true });
  chmodSync(path.join(root, 'tmp'), 0o1777);
  install(path.join(node, 'bin/node'), path.join(root, 'nodejs/bin/node'));
}

function trustRoots(root) {
  const folder = path.join(root, 'usr/share/ca-certificates/mozilla');
  const roots = readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const bundle = path.join(root, 'etc/ssl/certs/ca-certificates.crt');
  mkdirSync(path.dirname(bundle), { recursive: true });
  writeFileSync(bundle, roots.map((pem) => `${pem.trimEnd()}\n`).join(''));
}

function layBuilding(root, { runtime, node, npm }) {
  for (const gone of ['var/cache', 'var/lib/apt', 'usr/share/man', 'usr/share/doc'])
    rmSync(path.join(root, gone), { recursive: true, force: true });
  for (const file of ['etc/passwd', 'etc/group', 'etc/nsswitch.conf', 'etc/ssl/certs/ca-certificates.crt'])
    cpSync(path.join(runtime, file), path.join(root, file), { recursive: true });
  if (!existsSync(path.join(root, 'bin/sh'))) symlinkSync('dash', path.join(root, 'bin/sh'));
  install(path.join(node, 'bin/node'), path.join(root, 'usr/local/bin/node'));
  cpSync(npm, path.join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    const target = path.join(root, 'usr/local/bin', name);
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, target);
    chmodSync(target, 0o755);
  }
}

async function archived(root) {
  await run('tar', ['-cf', `${root}.tar`, '--numeric-owner', '--sort=name', '-C', root, '.']);
  rmSync(root, { recursive: true });
}

function install(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(from, to);
  chmodSync(to, 0o755);
}

function nodePackage() {
  const integrity = NODE[process.arch];
  if (!integrity) throw new Error(`no pinned Node for ${process.arch}`);
  return { spec: `node-linux-${process.arch}@${NODE.version}`, integrity };
}

/** npm of this machine's version. */
async function npmPackage() {
  return { spec: `npm@${(await run('npm', ['--version'])).trim()}` };
}

/** A package of the npm registry, unpacked; npm compares what it downloads with what the registry says of it. */
async function unpacked({ spec, integrity }, folder) {
  const [{ filename }] = JSON.parse(await run('npm', ['pack', spec, '--json', '--pack-destination', folder]));
  const file = path.join(folder, filename);
  const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (integrity && digest !== integrity) throw new Error(`${spec} has ${digest}; pinned is ${integrity}`);
  const target = path.join(folder, filename.replace(/\.tgz$/, ''));
  mkdirSync(target);
  await run('tar', ['-xzf', file, '-C', target, '--strip-components=1', '--no-same-owner']);
  return target;
}

async function run(file, args) {
  const { stdout } = await promisify(execFile)(file, args, { maxBuffer: MOST_OUTPUT });
  return stdout;
}
