import { execFile } from 'node:child_process';
import type { WorkflowHandle } from '@temporalio/client';
import { stringify } from 'yaml';
import {
  cliProgram,
  createRepository,
  type GitController,
  type Manifest,
  manifestsIn,
  type Repository,
  sandboxEnvironment,
  startGitController,
} from '../../sandbox/kit/index.js';
import type { SandboxFacts } from '../../sandbox/facts.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import type { HandOff } from '../../src/rotation/hand-off.js';
import type { RotationInput } from '../../src/rotation/input.js';
import type { RotationReport } from '../../src/rotation/report.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import { eventually, reportOf, ROTATION_MS, statusOf } from './support.js';

/** A mesh whose trust roots, and issuer, are in a Git repository that a controller applies: rotated by commits. */

export const ROOTS = 'linkerd-identity-trust-roots';
export const ISSUER = 'linkerd-identity-issuer';
export type Owned = 'bundle' | 'both';

export interface GitOwner {
  repository: Repository;
  controller: GitController;
  /** What a rotation is told of it. */
  input: RotationInput;
  /** What `reroot hand-off` prints. */
  shown(handle: WorkflowHandle, format: string): Promise<string>;
  /** Commits what reroot shows, as a person would. @returns what it was */
  commitShown(handle: WorkflowHandle): Promise<HandOff[]>;
  /** A file of the repository, changed. */
  edit(name: string, change: (manifest: Manifest) => Manifest): Promise<void>;
  stop(): Promise<void>;
}

export async function gitOwner(sandbox: SandboxFacts, k8s: Kubernetes, owned: Owned): Promise<GitOwner> {
  const repository = await createRepository();
  const files: Record<string, string> = { [fileOf(ROOTS)]: stringify(await read(k8s, 'ConfigMap', ROOTS)) };
  if (owned === 'both') files[fileOf(ISSUER)] = stringify(await read(k8s, 'Secret', ISSUER));
  await repository.commit(files, 'The mesh as it is');
  const controller = startGitController(k8s, repository);
  await controller.synced();
  const shown = async (handle: WorkflowHandle, format: string) =>
    await printed(sandbox, ['hand-off', '--workflow-id', handle.workflowId, '-o', format]);
  const edit: GitOwner['edit'] = async (name, change) => {
    const [manifest] = manifestsIn(await repository.read(fileOf(name)));
    if (manifest) await repository.commit({ [fileOf(name)]: stringify(change(manifest)) }, `Change ${name}`);
  };
  return {
    repository,
    controller,
    input: { owners: { bundle: 'handOff', issuer: owned === 'both' ? 'handOff' : 'reroot' } },
    shown,
    commitShown: async (handle) => {
      const handOffs = JSON.parse(await shown(handle, 'json')) as HandOff[];
      for (const manifest of manifestsIn(await shown(handle, 'manifest'))) {
        const key = await keyFor(k8s, handOffs, manifest.metadata.name);
        await edit(manifest.metadata.name, (current) => ({
          ...current,
          data: { ...current.data, ...manifest.data, ...key },
        }));
      }
      return handOffs;
    },
    edit,
    stop: async () => {
      await controller.stop();
      await repository.remove();
    },
  };
}

function fileOf(name: string): string {
  return `mesh/${name}.yaml`;
}

async function read(k8s: Kubernetes, kind: Manifest['kind'], name: string): Promise<Manifest> {
  const request = { name, namespace: 'linkerd' };
  const { data = {}, type } =
    kind === 'Secret'
      ? await k8s.core.readNamespacedSecret(request)
      : { ...(await k8s.core.readNamespacedConfigMap(request)), type: undefined };
  return { apiVersion: 'v1', kind, ...(type ? { type } : {}), metadata: { name, namespace: 'linkerd' }, data };
}

/** From the Secret that reroot names: a person would seal it. */
async function keyFor(k8s: Kubernetes, handOffs: HandOff[], name: string): Promise<Record<string, string>> {
  const places = handOffs.flatMap(({ places: all = [] }) => all);
  const privateKey = places.find((place) => place.name === name)?.privateKey;
  if (!privateKey) return {};
  const { data = {} } = await k8s.core.readNamespacedSecret({
    name: privateKey.secret,
    namespace: privateKey.namespace,
  });
  return { [privateKey.into]: data[privateKey.key] ?? '' };
}

async function printed(sandbox: SandboxFacts, args: string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { env: { ...sandboxEnvironment(sandbox), NO_COLOR: '1' }, maxBuffer: 10_000_000 };
    execFile(process.execPath, [cliProgram(), ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}: ${stderr}`));
      else resolve(stdout);
    });
  });
}

/**
 * Does what a person does: commits what is shown (or gives it to Helm), says yes when asked. Fails as soon as it waits for a repair.
 * @param before what is done with a hand-off before it is committed; true: it is not committed by this
 */
export async function drivenByCommits(
  handle: WorkflowHandle,
  owner: { commitShown(handle: WorkflowHandle): Promise<unknown> },
  before: (status: RotationStatus) => Promise<boolean | undefined> = async () => await Promise.resolve(undefined),
): Promise<RotationReport> {
  let trouble: string | undefined;
  let committed = '';
  await eventually(
    `rotation ${handle.workflowId} to end`,
    async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
      const status = await statusOf(handle);
      const { waiting } = status;
      if (waiting?.kind === 'approval')
        await handle.executeUpdate('approve', { args: [{ planHash: waiting.planHash ?? '', by: 'tester' }] });
      if (waiting?.kind === 'attention' || waiting?.kind === 'paused')
        trouble = `it waits for ${waiting.for}: ${waiting.on.join('; ')}`;
      if (waiting?.handOff && waiting.handOff.seen !== committed && !(await before(status))) {
        await owner.commitShown(handle); // which fails where something else is shown by now: then that, the next time
        committed = waiting.handOff.seen;
      }
      return trouble !== undefined;
    },
    ROTATION_MS,
  );
  if (trouble) throw new Error(trouble);
  return await reportOf(handle);
}
