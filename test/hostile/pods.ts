import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { build } from 'esbuild';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { observeProxies, type Prober } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import { type Certificate, parseCertificatePem } from '../../src/pki/certificate.js';
import type { ProxyObservation } from '../../src/ground/mesh.js';
import { IDENTITY } from './certificates.js';
import { CORPUS, type HostilePod } from './corpus.js';

/** The corpus as servers of another process, and the way that reroot looks at them. */
export interface HostilePods {
  /** The root of the mesh, which everything is measured by. */
  root: Certificate;
  look(pod: HostilePod): Promise<ProxyObservation>;
  /** A proxy that is as it should be. */
  lookAtHonest(): Promise<ProxyObservation>;
  stop(): void;
}

const prober: Prober = { reach: 'address', concurrency: 4, timeoutMs: 1000 };

/** @param prefix three numbers of a loopback address, which nobody else listens at: `127.98.0` */
export async function startHostilePods(prefix: string): Promise<HostilePods> {
  const folder = path.join(import.meta.dirname, '../..');
  const outfile = path.join(folder, `.reroot/hostile/${prefix}/serve.mjs`);
  const entry = path.join(import.meta.dirname, 'serve.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  const child = fork(outfile, [prefix], { execArgv: ['--tls-min-v1.0'] });
  const root = parseCertificatePem(await rootOf(child));
  const lookAt = async (at: number, asked: HostilePod['asked']): Promise<ProxyObservation> => {
    const question = { anchors: asked === 'environment', leaf: asked === 'chain', roots: [root] };
    const linkerd = { namespace: 'linkerd', rules: { environmentServed: true } as never };
    const [seen] = await observeProxies({} as Kubernetes, prober, [podAt(`${prefix}.${at}`)], { ...question, linkerd });
    if (!seen) throw new Error('a pod got lost');
    return seen;
  };
  return {
    root,
    look: async (pod) => await lookAt(CORPUS.indexOf(pod) + 1, pod.asked),
    lookAtHonest: async () => ({ ...(await lookAt(250, 'chain')), ...(await lookAt(251, 'environment')) }),
    stop: () => child.disconnect(),
  };
}

async function rootOf(child: ChildProcess): Promise<string> {
  const [{ root, error }] = (await once(child, 'message')) as [{ root?: string; error?: string }];
  if (root === undefined) throw new Error(`the hostile pods do not start: ${error}`);
  return root;
}

function podAt(address: string): MeshedPod {
  return {
    ...{ namespace: 'shop', name: 'web-1', uid: address, address, identity: IDENTITY },
    ...{ ready: true, terminating: false, anchorsFromBundle: false },
    workload: { namespace: 'shop', kind: 'Deployment', name: 'web' },
  };
}
