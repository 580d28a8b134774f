import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { k8s, sandbox } from '../integration/support.js';

/** Kubeconfigs as people have them, for the shared sandbox. */

interface Entry {
  server: string;
  'certificate-authority-data': string;
}

const parsed = (file: string): { clusters: { cluster: Entry }[]; users: { user: { token: string } }[] } =>
  parse(readFileSync(file, 'utf8')) as ReturnType<typeof parsed>;
const [own] = parsed(sandbox.kubeconfig).clusters;
if (!own) throw new Error('the sandbox has no cluster');

/** The sandbox's API server as its kubeconfig has it. */
export const CLUSTER: Entry = own.cluster;
/** Who may do what deploy grants. */
export const TOKEN = parsed(sandbox.kubeconfig).users[0]?.user.token ?? '';
export const ADMIN_TOKEN = parsed(sandbox.adminKubeconfig).users[0]?.user.token ?? '';

/** A folder for one row, which goes with it. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-access-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the file */
export function write(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** A kubeconfig of one user. @returns the file */
export function kubeconfig(folder: string, user: object, cluster: object = {}): string {
  return write(
    folder,
    'config',
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'sandbox' },
      clusters: [{ name: 'sandbox', cluster: { ...CLUSTER, ...cluster } }],
      users: [{ name: 'someone', user }],
      contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'someone' } }],
    }),
  );
}

/** An exec plugin that is a shell script. */
export interface Plugin {
  exec: object;
  /** How often it has been asked. */
  asked(): number;
  /** What it was told in KUBERNETES_EXEC_INFO last. */
  info(): { spec: { interactive: boolean; cluster?: { server: string } } };
}

/** @param script prints an ExecCredential; `$COUNT` is how often it has been asked before */
export function plugin(folder: string, script: string, more: object = {}): Plugin {
  const [calls, told] = [path.join(folder, 'calls'), path.join(folder, 'info')];
  const file = write(
    folder,
    'plugin.sh',
    `#!/bin/sh\nCOUNT=$(cat ${calls} 2>/dev/null | wc -l)\necho >> ${calls}\necho "$KUBERNETES_EXEC_INFO" > ${told}\n${script}\n`,
  );
  chmodSync(file, 0o700);
  return {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'IfAvailable', command: file, ...more },
    asked: () => (existsSync(calls) ? readFileSync(calls, 'utf8').length : 0),
    info: () => JSON.parse(readFileSync(told, 'utf8')) as ReturnType<Plugin['info']>,
  };
}

/** A shell command that prints the ExecCredential with a token, which may be in a file. */
export function credential(token: string): string {
  return `printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "${token}"`;
}

/** A token of a ServiceAccount (TokenRequest), which holds for as long as a Secret is there. */
export async function revocableToken(): Promise<{ token: string; username: string; revoke(): Promise<void> }> {
  const namespace = 'shop';
  const { metadata: { name = '', uid = '' } = {} } = await k8s.core.createNamespacedSecret({
    namespace,
    body: { metadata: { generateName: 'session-' } },
  });
  const { status } = await k8s.core.createNamespacedServiceAccountToken({
    ...{ namespace, name: 'default' },
    body: { spec: { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid } } },
  });
  return {
    token: status?.token ?? '',
    username: `system:serviceaccount:${namespace}:default`,
    revoke: async () => void (await k8s.core.deleteNamespacedSecret({ namespace, name })),
  };
}
