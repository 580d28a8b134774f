import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * Runs what is in an image as Kubernetes would with the chart's security context: its file system alone and read-only (not even
 * /tmp can be written), user 65532, no capability, no new privileges. Of the host it has the network and /proc.
 */

const ROOT = path.resolve(import.meta.dirname, '../..');
const TAG = 'reroot:under-test';

export interface Config {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  Labels: Record<string, string>;
  StopSignal: string;
}

export interface BuiltImage {
  /** Its file system. */
  root: string;
  config: Config;
  /** What the build has said. */
  said: string;
  /** @param mounts folders of the host that are put at folders of the image, read-only */
  run(args: readonly string[], options?: RunOptions): ChildProcess;
  remove(): Promise<void>;
}

interface RunOptions {
  env?: Record<string, string>;
  mounts?: Record<string, string>;
  /** In place of the image's own. */
  entrypoint?: readonly string[];
  stdio?: ['ignore', number | 'pipe', number | 'pipe'];
}

const PIPED: NonNullable<RunOptions['stdio']> = ['ignore', 'pipe', 'pipe'];

/** `$1`: the image's root, `$2`: mounts as `from=to`, separated by spaces; what follows is run. */
const CONTAINER = `
set -e
root=$1; mounts=$2; shift 2
mount --bind "$root" "$root"
for each in $mounts; do mount --bind "\${each%%=*}" "$root\${each#*=}"; mount -o remount,ro,bind "$root\${each#*=}"; done
mount --bind /proc "$root/proc"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups= "$root" "$@"
`;

/** Builds it as `npm run image -- --base debian` does, in a storage of its own. Needs root. */
export async function builtImage(): Promise<BuiltImage> {
  const storage = mkdtempSync(path.join(tmpdir(), 'reroot-image-storage-'));
  const at = ['--root', path.join(storage, 'root'), '--runroot', path.join(storage, 'run')];
  const buildah = async (...args: string[]) => (await promisify(execFile)('buildah', [...at, ...args])).stdout.trim();
  const remove = async () => {
    await buildah('rm', '--all').catch(() => undefined);
    await buildah('rmi', '--all', '--force').catch(() => undefined);
    await promisify(execFile)('umount', [path.join(storage, 'root', 'overlay')]).catch(() => undefined); // where it is one
    rmSync(storage, { recursive: true, force: true });
  };
  try {
    const program = path.join(ROOT, 'scripts', 'run.mjs');
    const args = [program, 'image', '--base', 'debian', '--builder', 'buildah', '--tag', TAG, '--storage', storage];
    const { stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
    const config = JSON.parse(await buildah('inspect', '--type', 'image', TAG)) as { OCIv1: { config: Config } };
    const root = await buildah('mount', await buildah('from', '--pull-never', TAG));
    return { root, config: config.OCIv1.config, said: stderr, run: runIn(root, config.OCIv1.config), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function runIn(root: string, { Env, Entrypoint }: Config): BuiltImage['run'] {
  const own = Object.fromEntries(
    Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return (args, { env = {}, mounts = {}, entrypoint = Entrypoint, stdio = PIPED } = {}) => {
    const pairs = Object.entries(mounts).map(([from, to]) => `${from}=${to}`);
    const container = ['sh', '-c', CONTAINER, 'container', root, pairs.join(' ')];
    const command = [...container, ...entrypoint, ...args];
    // the image's environment and no other; the host's programs that make the container are in /usr and /bin of its PATH
    return spawn('unshare', ['--mount', '--propagation', 'private', ...command], { stdio, env: { ...own, ...env } });
  };
}
