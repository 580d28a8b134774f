import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real Git repository on disk, with the manifests that a cluster is to have. */
export interface Repository {
  folder: string;
  /** A file at HEAD. */
  read(file: string): Promise<string>;
  /** Every file at HEAD, by name. */
  head(): Promise<Record<string, string>>;
  /** Writes files, and commits them. @returns the commit */
  commit(files: Record<string, string>, message: string): Promise<string>;
  /** Commits what there was before the last commit. */
  revert(): Promise<string>;
  remove(): Promise<void>;
}

const WHO = ['-c', 'user.name=tester', '-c', 'user.email=tester@example.invalid', '-c', 'commit.gpgsign=false'];

export async function createRepository(): Promise<Repository> {
  const folder = await mkdtemp(path.join(tmpdir(), 'reroot-git-'));
  const git = async (...args: string[]) =>
    (await run('git', [...WHO, ...args], { cwd: folder, maxBuffer: 10_000_000 })).stdout;
  await git('init', '--quiet', '--initial-branch=main');
  const read = async (file: string) => await git('show', `HEAD:${file}`);
  const commitId = async () => (await git('rev-parse', 'HEAD')).trim();
  return {
    folder,
    read,
    head: async () => {
      const names = (await git('ls-tree', '-r', '--name-only', 'HEAD')).split('\n').filter(Boolean);
      const files = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
      return Object.fromEntries(files);
    },
    commit: async (files, message) => {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await writeFile(path.join(folder, name), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', '-m', message);
      return await commitId();
    },
    revert: async () => {
      await git('revert', '--no-edit', 'HEAD');
      return await commitId();
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}
