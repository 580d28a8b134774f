import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import { cliProgram, helm, sandboxEnvironment } from '../../sandbox/kit/index.js';
import type { HelmUpgrade } from '../../src/ground/helm.js';
import { present } from '../../src/ground/present.js';
import { approve, type OwnMesh } from './own-mesh.js';
import { eventually, reportOf, ROTATION_MS, statusOf } from './support.js';

const run = promisify(execFile);
const HASH = 'linkerd.io/trust-root-sha256';

/** Values as a person or a pipeline has them: a file, and the issuer's key. */
export interface Given {
  values: string;
  key?: string | undefined;
}

/** What somebody has who does as `reroot values` says: the flag names Secret and key, and this reads them. */
export async function given({ secret }: OwnMesh, { values, keyFlag }: HelmUpgrade): Promise<Given> {
  if (keyFlag === undefined) return { values };
  const [, name = '', key = ''] =
    /^--set-file identity\.issuer\.tls\.keyPEM=<\(kubectl -n linkerd get secret (\S+) -o jsonpath='\{\.data\.(\S+)\}' \| base64 -d\)$/.exec(
      keyFlag,
    ) ?? [];
  const found = (await secret(name))[key.replaceAll('\\.', '.')];
  if (!found) throw new Error(`no key where ${keyFlag} looks`);
  return { values, key: found };
}

/** With values beside those that the release has. */
export async function upgrade({ sandbox }: OwnMesh, more?: Given): Promise<void> {
  const { helm: release, adminKubeconfig } = sandbox;
  if (!release) throw new Error('Linkerd was not installed by Helm');
  const args = ['upgrade', release.name, release.chart, '--reuse-values'];
  const [values, key] = [path.join(release.home, 'given.yaml'), path.join(release.home, 'given.key')];
  if (more) {
    writeFileSync(values, more.values);
    args.push('-f', values);
  }
  if (more?.key !== undefined) {
    writeFileSync(key, more.key, { mode: 0o600 });
    args.push('--set-file', `identity.issuer.tls.keyPEM=${key}`);
  }
  await helm(release, adminKubeconfig, args);
}

/** What `reroot values` prints to whoever administers the cluster. */
export async function printedValues(mesh: OwnMesh, workflowId: string): Promise<HelmUpgrade> {
  return JSON.parse(await printed(mesh, ['values', '--workflow-id', workflowId, '-o', 'json'])) as HelmUpgrade;
}

async function printed({ sandbox }: OwnMesh, args: string[]): Promise<string> {
  const env = { ...sandboxEnvironment(sandbox), KUBECONFIG: sandbox.adminKubeconfig, NO_COLOR: '1' };
  const { stdout } = await run(process.execPath, [cliProgram(), ...args], { env });
  return stdout;
}

/** Gives Helm what `reroot hand-off -o values` prints, and the key by the flag that is in it. @returns the flag */
export async function upgradeByHandOff(mesh: OwnMesh, { workflowId }: WorkflowHandle): Promise<string | undefined> {
  const values = await printed(mesh, ['hand-off', '--workflow-id', workflowId, '-o', 'values']);
  const keyFlag = /--set-file .*$/m.exec(values)?.[0];
  await upgrade(mesh, await given(mesh, { values, ...present({ keyFlag }) }));
  await controlPlaneReady(mesh);
  return keyFlag;
}

/** What Helm renders, and the pods: as often as anybody writes, another. */
export interface Rendered {
  objects: Record<string, string>;
  /** Templates of the control plane, without the hash of the anchors. */
  templates: Record<string, string>;
  hashes: Record<string, string>;
  pods: string[];
}

export async function rendered({ k8s }: OwnMesh): Promise<Rendered> {
  const namespace = 'linkerd';
  const [configMaps, secrets, deployments, pods] = await Promise.all([
    k8s.core.listNamespacedConfigMap({ namespace }),
    k8s.core.listNamespacedSecret({ namespace }),
    k8s.apps.listNamespacedDeployment({ namespace }),
    k8s.core.listPodForAllNamespaces(),
  ]);
  const stores = [...configMaps.items, ...secrets.items].filter(({ metadata }) =>
    ['linkerd-config', 'linkerd-identity-trust-roots', 'linkerd-identity-issuer'].includes(metadata?.name ?? ''),
  );
  const named = deployments.items.map(({ metadata, spec }) => [metadata?.name ?? '', spec?.template] as const);
  return {
    objects: Object.fromEntries(stores.map(({ metadata }) => [metadata?.name ?? '', metadata?.resourceVersion ?? ''])),
    templates: Object.fromEntries(
      named.map(([name, template]) => {
        const { [HASH]: _, ...annotations } = template?.metadata?.annotations ?? {};
        return [name, JSON.stringify({ ...template, metadata: { ...template?.metadata, annotations } })];
      }),
    ),
    hashes: Object.fromEntries(named.map(([name, template]) => [name, template?.metadata?.annotations?.[HASH] ?? ''])),
    pods: pods.items.map(({ metadata }) => metadata?.uid ?? '').toSorted((a, b) => a.localeCompare(b, 'en')),
  };
}

/** `helm upgrade` finds all as it would write it. */
export async function expectUnchanged(mesh: OwnMesh, shown: HelmUpgrade | undefined, when: string): Promise<void> {
  const before = await rendered(mesh);
  await upgrade(mesh, shown && (await given(mesh, shown)));
  expect(await rendered(mesh), when).toEqual(before);
}

/**
 * Before its one rollout a bridge has left the control plane alone, and its templates have the hash of the anchors of the
 * start: Helm brings that up to date, which restarts the control plane, and changes nothing else.
 */
export async function expectHashesAlone(mesh: OwnMesh, shown: HelmUpgrade | undefined, when: string): Promise<void> {
  const before = await rendered(mesh);
  await upgrade(mesh, shown && (await given(mesh, shown)));
  const { objects, templates, hashes } = await rendered(mesh);
  expect({ objects, templates }, when).toEqual({ objects: before.objects, templates: before.templates });
  expect(new Set(Object.values(hashes)).size, when).toBe(1);
  await controlPlaneReady(mesh);
  await expectUnchanged(mesh, shown, `${when}, once more`);
}

/** Every Deployment of the control plane is rolled out, and its proxies serve. */
export async function controlPlaneReady({ k8s, sandbox }: OwnMesh): Promise<void> {
  await eventually('the control plane to be rolled out', async () => {
    const { items } = await k8s.apps.listNamespacedDeployment({ namespace: 'linkerd' });
    const { proxies } = await sandbox.mesh.status();
    const rolledOut = items.every(
      ({ metadata, spec, status }) =>
        status?.observedGeneration === metadata?.generation &&
        status?.updatedReplicas === spec?.replicas &&
        status?.readyReplicas === spec?.replicas &&
        status?.replicas === spec?.replicas,
    );
    return rolledOut && proxies.every(({ ready }) => ready);
  });
}

/** What a rotation waits for a person with, and what that person does; until it ends. */
export interface Person {
  /** Before the approval of a phase. */
  asked(phase: string): Promise<void>;
  /** It has paused because somebody has put something back; afterwards it is resumed. */
  paused?(on: string): Promise<void>;
  /** It asks for help; afterwards it is told to `retry`. */
  attention?(on: string): Promise<void>;
}

export async function attended(handle: WorkflowHandle, { asked, paused, attention }: Person) {
  const said = new Set<string>();
  await eventually(
    `rotation ${handle.workflowId} to end`,
    async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
      const { waiting, phase } = await statusOf(handle);
      const key = `${waiting?.kind} ${waiting?.since}`;
      if (!waiting || said.has(key)) return false;
      if (waiting.kind === 'approval') {
        await asked(phase);
        await approve(handle, waiting.planHash);
      }
      if (waiting.kind === 'paused' && paused) {
        await paused(waiting.on.join('; '));
        await handle.executeUpdate('resume', { args: [] });
      } else if (waiting.kind === 'attention' && attention) {
        await attention(waiting.on.join('; '));
        await handle.executeUpdate('retry', { args: [] });
      } else if (waiting.kind === 'paused' || waiting.kind === 'attention')
        throw new Error(`it waits for ${waiting.for}: ${waiting.on.join('; ')}`);
      said.add(key);
      return false;
    },
    ROTATION_MS,
  );
  return await reportOf(handle);
}
