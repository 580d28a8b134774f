import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { V1ClusterRole } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Kubernetes } from '../../src/kubernetes/client.js';

const run = promisify(execFile);
const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/**
 * The CLI of an earlier version, built from this repository's history as that version builds itself; kept beside the
 * sandbox's tools. @throws Error when the commit is not in this clone, or cannot be built
 */
export async function cliOf(commit: string): Promise<string> {
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'reroot', 'versions');
  const folder = path.join(cache, commit);
  const cli = path.join(folder, 'dist', 'cli.js');
  if (existsSync(cli)) return cli;
  await run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: REPOSITORY }).catch(() => {
    throw new Error(
      `commit ${commit} is not in this clone, so the version that it is cannot be built: fetch the whole history ` +
        '(`git fetch --unshallow`)',
    );
  });
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(path.join(cache, `${commit}-`));
  try {
    const archive = path.join(draft, 'source.tar');
    await run('git', ['archive', `--output=${archive}`, commit], { cwd: REPOSITORY });
    await run('tar', ['xf', archive, '-C', draft]);
    const quiet = { cwd: draft, maxBuffer: 50_000_000 };
    await run('npm', ['ci', '--loglevel=error', '--no-dry-run'], quiet);
    await run(process.execPath, ['scripts/run.mjs', 'build'], quiet);
    if (!existsSync(cli)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return cli;
}

/** Gives the worker what an earlier version needed beside what this one does: its own `deploy/rbac.yaml`. */
export async function grantRightsOf(cli: string, { rbac }: Kubernetes): Promise<void> {
  const text = readFileSync(path.resolve(path.dirname(cli), '../deploy/rbac.yaml'), 'utf8');
  const roles = parseAllDocuments(text).map((document) => document.toJS() as V1ClusterRole);
  const metadata = { name: 'old-reroot' };
  const refer = (kind: string) => ({
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'reroot', namespace: 'reroot' }],
  });
  const rulesOf = (wanted: string) => roles.find(({ kind }) => kind === wanted)?.rules ?? [];
  const namespace = 'linkerd';
  await rbac.createClusterRole({ body: { metadata, rules: rulesOf('ClusterRole') } });
  await rbac.createClusterRoleBinding({ body: refer('ClusterRole') });
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules: rulesOf('Role') } });
  await rbac.createNamespacedRoleBinding({ namespace, body: refer('Role') });
}
