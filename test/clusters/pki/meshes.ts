import { encode } from '../../../src/kubernetes/base64.js';
import { k8s, reroot, sandbox } from '../../integration/support.js';
import type { PreflightSaid } from '../row.js';

const NAMESPACE = 'linkerd';
const SUPPLIED = 'my-certificates';
const ISSUER = 'linkerd-identity-issuer';
const BUNDLE = 'linkerd-identity-trust-roots';
/** A Secret of the user's own is readable to whom he gives it: here to the admin that preflight runs as. */
const ADMIN = { KUBECONFIG: sandbox.adminKubeconfig };

/** What preflight says, and which anchors it would take out. */
export interface Looked extends PreflightSaid {
  plan: { retire: string[]; keep: string[] };
}

async function look(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Looked> {
  const { code, stdout } = await reroot(['preflight', '-o', 'json', '--strategy', 'standard', ...args], env);
  return { code, ...(JSON.parse(stdout) as Omit<Looked, 'code'>) };
}

/** What preflight says of certificates that are supplied in a Secret. */
export async function preflightOf(supplied: Record<string, string>): Promise<Looked> {
  const data = Object.fromEntries(Object.entries(supplied).map(([key, text]) => [key, encode(text)]));
  await k8s.core.createNamespacedSecret({ namespace: NAMESPACE, body: { metadata: { name: SUPPLIED }, data } });
  try {
    return await look(['--certificates', SUPPLIED], ADMIN);
  } finally {
    await k8s.core.deleteNamespacedSecret({ namespace: NAMESPACE, name: SUPPLIED });
  }
}

/** What the issuer Secret and the bundle of the shared mesh hold. */
export interface Stored {
  certificate: string;
  key: string;
  bundle: string;
}

/**
 * What preflight says while the shared mesh's issuer Secret and bundle hold something else. Both are put back; identity, which has
 * its own, goes on meanwhile.
 */
export async function preflightWhile(change: (stored: Stored) => Partial<Stored>): Promise<Looked> {
  const stored = await read();
  await write({ ...stored, ...change(stored) });
  try {
    return await look([]);
  } finally {
    await write(stored);
  }
}

async function read(): Promise<Stored> {
  const { data = {} } = await k8s.core.readNamespacedSecret({ namespace: NAMESPACE, name: ISSUER });
  const roots = await k8s.core.readNamespacedConfigMap({ namespace: NAMESPACE, name: BUNDLE });
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  return { certificate: text('crt.pem'), key: text('key.pem'), bundle: roots.data?.['ca-bundle.crt'] ?? '' };
}

async function write({ certificate, key, bundle }: Stored): Promise<void> {
  const set = (path: string, value: string) => ({ op: 'replace', path, value });
  await k8s.core.patchNamespacedConfigMap({
    namespace: NAMESPACE,
    name: BUNDLE,
    body: [set('/data/ca-bundle.crt', bundle)],
  });
  await k8s.core.patchNamespacedSecret({
    namespace: NAMESPACE,
    name: ISSUER,
    body: [set('/data/crt.pem', encode(certificate)), set('/data/key.pem', encode(key))],
  });
}
