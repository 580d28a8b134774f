import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, fetch } from 'undici';
import { stringify } from 'yaml';
import { freePorts } from './network.js';
import { type Server, startServer, until } from './processes.js';
import { kwokStages } from './stages.js';

/** A real Kubernetes control plane; kwok plays the kubelets. */
export interface Cluster {
  servers: Server[];
  /** In group system:masters. */
  adminKubeconfig: string;
  /** The user `reroot`, with the permissions of deploy/rbac.yaml and no others. */
  rerootKubeconfig: string;
}

/** @param kubeletPort where the API server finds the kubelet of every node */
export async function startKubernetes(folder: string, kubeletPort: number): Promise<Cluster> {
  const [etcdPort = 0, peerPort = 0, apiPort = 0, managerPort = 0, schedulerPort = 0] = await freePorts(5);
  const etcd = startServer(folder, 'etcd', [
    ...['--data-dir', path.join(folder, 'etcd'), '--listen-client-urls', `http://127.0.0.1:${etcdPort}`],
    ...[
      '--advertise-client-urls',
      `http://127.0.0.1:${etcdPort}`,
      '--listen-peer-urls',
      `http://127.0.0.1:${peerPort}`,
    ],
    ...[
      '--initial-advertise-peer-urls',
      `http://127.0.0.1:${peerPort}`,
      '--initial-cluster',
      `default=http://127.0.0.1:${peerPort}`,
    ],
    ...['--unsafe-no-fsync', '--log-level', 'warn'],
  ]);
  const { keyFile, tokens, tokenFile } = writeCredentials(folder);
  const apiserver = startServer(folder, 'kube-apiserver', [
    ...['--etcd-servers', `http://127.0.0.1:${etcdPort}`, '--secure-port', `${apiPort}`, '--bind-address', '127.0.0.1'],
    ...['--cert-dir', path.join(folder, 'apiserver'), '--token-auth-file', tokenFile, '--authorization-mode', 'RBAC'],
    ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', keyFile],
    ...['--service-account-signing-key-file', keyFile, '--service-cluster-ip-range', '10.96.0.0/16'],
    ...[
      '--allow-privileged=true',
      '--max-requests-inflight=0',
      '--max-mutating-requests-inflight=0',
      '--enable-priority-and-fairness=false',
    ],
  ]);
  const url = `https://127.0.0.1:${apiPort}`;
  const caFile = path.join(folder, 'apiserver', 'apiserver.crt');
  await until('the API server to be ready', apiserver, async () => await isReady(url, caFile, tokens.admin));
  const kubeconfig = (user: keyof typeof tokens) => writeKubeconfig(folder, user, url, caFile, tokens[user]);
  const adminKubeconfig = kubeconfig('admin');
  const manager = startServer(folder, 'kube-controller-manager', [
    ...[
      '--kubeconfig',
      adminKubeconfig,
      '--service-account-private-key-file',
      keyFile,
      '--secure-port',
      `${managerPort}`,
    ],
    ...['--bind-address', '127.0.0.1', '--leader-elect=false', '--kube-api-qps=2000', '--kube-api-burst=4000'],
    ...['--concurrent-deployment-syncs=20', '--concurrent-replicaset-syncs=20', '--concurrent-statefulset-syncs=20'],
    ...['--node-monitor-grace-period=3600s', '--root-ca-file', caFile],
  ]);
  const scheduler = startServer(folder, 'kube-scheduler', [
    ...['--kubeconfig', adminKubeconfig, '--secure-port', `${schedulerPort}`, '--bind-address', '127.0.0.1'],
    ...['--leader-elect=false', '--kube-api-qps=2000', '--kube-api-burst=4000'],
  ]);
  const kwok = startKwok(folder, adminKubeconfig, kubeletPort);
  return {
    servers: [kwok, scheduler, manager, apiserver, etcd],
    adminKubeconfig,
    rerootKubeconfig: kubeconfig('reroot'),
  };
}

function startKwok(folder: string, kubeconfig: string, kubeletPort: number): Server {
  const stages = path.join(folder, 'stages.yaml');
  writeFileSync(stages, kwokStages(kubeletPort));
  return startServer(folder, 'kwok', [
    ...['--kubeconfig', kubeconfig, '--config', stages, '--node-lease-duration-seconds', '200'],
    ...['--manage-nodes-with-annotation-selector', 'kwok.x-k8s.io/node=fake', '--server-address', '127.0.0.1:0'],
  ]);
}

function writeCredentials(folder: string) {
  const keyFile = path.join(folder, 'service-account.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const tokens = { admin: randomBytes(24).toString('hex'), reroot: randomBytes(24).toString('hex') };
  const tokenFile = path.join(folder, 'tokens.csv');
  writeFileSync(tokenFile, `${tokens.admin},admin,admin,"system:masters"\n${tokens.reroot},reroot,reroot\n`, {
    mode: 0o600,
  });
  return { keyFile, tokens, tokenFile };
}

function writeKubeconfig(folder: string, user: string, server: string, caFile: string, token: string): string {
  const file = path.join(folder, `${user}.kubeconfig`);
  const ca = readFileSync(caFile).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'sandbox',
    clusters: [{ name: 'sandbox', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user } }],
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

async function isReady(url: string, caFile: string, token: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) } });
  try {
    const response = await fetch(`${url}/readyz`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
    return response.ok;
  } finally {
    await dispatcher.close();
  }
}
