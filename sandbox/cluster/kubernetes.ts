import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent, fetch } from 'undici';
import { stringify } from 'yaml';
import type { Network } from './network.js';
import { makeClientAuthority } from './client-authority.js';
import { type Kubelets, startKwok } from './kwok.js';
import { flags, type Server, startServer, until } from './processes.js';

/** A real Kubernetes control plane; kwok plays the kubelets. */
export interface Kubernetes {
  /** In group system:masters. */
  adminKubeconfig: string;
  /** The user of deploy, under its RBAC and its policy. */
  rerootKubeconfig: string;
}

const HOST = '127.0.0.1';

/** @param pods that it will have */
export async function startKubernetes(
  folder: string,
  network: Network,
  kubelets: Kubelets,
  pods: number,
): Promise<Kubernetes> {
  const [etcdPort = 0, peerPort = 0, apiPort = 0, managerPort = 0, schedulerPort = 0] = await network.freePorts(5);
  const credentials = writeCredentials(folder);
  startEtcd(folder, { port: etcdPort, peerPort, pods });
  const apiserver = startApiServer(folder, apiPort, `http://${HOST}:${etcdPort}`, credentials);
  const api: Endpoint = { server: `https://${HOST}:${apiPort}`, caFile: servingCertificate(folder) };
  await until('the API server to be ready', apiserver, async () => await isReady(api, credentials.tokens.admin));
  const adminKubeconfig = writeKubeconfig(folder, api, 'admin', credentials.tokens.admin);
  startControllerManager(folder, managerPort, adminKubeconfig, credentials.keyFile);
  startScheduler(folder, schedulerPort, adminKubeconfig);
  startKwok(folder, adminKubeconfig, kubelets);
  return {
    adminKubeconfig,
    rerootKubeconfig: writeKubeconfig(folder, api, 'reroot', credentials.tokens.reroot),
  };
}

/** Above this, etcd gets the most room that its documentation advises; its default holds some rollouts of thousands of pods. */
const MANY_PODS = 2000;
const MOST_ROOM = 8 * 2 ** 30;

interface Etcd {
  port: number;
  peerPort: number;
  pods: number;
}

function startEtcd(folder: string, { port, peerPort, pods }: Etcd): Server {
  const [client, peer] = [`http://${HOST}:${port}`, `http://${HOST}:${peerPort}`];
  return startServer(
    folder,
    'etcd',
    flags({
      'data-dir': path.join(folder, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'unsafe-no-fsync': true,
      'log-level': 'warn',
      ...(pods > MANY_PODS ? { 'quota-backend-bytes': MOST_ROOM } : {}),
    }),
  );
}

function startApiServer(folder: string, port: number, etcdUrl: string, { keyFile, tokenFile }: Credentials): Server {
  return startServer(
    folder,
    'kube-apiserver',
    flags({
      'etcd-servers': etcdUrl,
      'secure-port': port,
      'bind-address': HOST,
      'cert-dir': path.dirname(servingCertificate(folder)),
      'token-auth-file': tokenFile,
      'client-ca-file': makeClientAuthority(folder),
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': keyFile,
      'service-account-signing-key-file': keyFile,
      'service-cluster-ip-range': '10.96.0.0/16',
      'allow-privileged': true,
      // hundreds of pods at once are the point, not a load to be protected from
      'max-requests-inflight': 0,
      'max-mutating-requests-inflight': 0,
      'enable-priority-and-fairness': false,
    }),
  );
}

/** What lets the controllers keep up with hundreds of pods at once. */
const CLIENT_RATE = { 'kube-api-qps': 2000, 'kube-api-burst': 4000 } as const;

function startControllerManager(folder: string, port: number, kubeconfig: string, keyFile: string): Server {
  return startServer(
    folder,
    'kube-controller-manager',
    flags({
      kubeconfig,
      'service-account-private-key-file': keyFile,
      'secure-port': port,
      'bind-address': HOST,
      'leader-elect': false,
      ...CLIENT_RATE,
      'concurrent-deployment-syncs': 20,
      'concurrent-replicaset-syncs': 20,
      'concurrent-statefulset-syncs': 20,
      'node-monitor-grace-period': '3600s',
      'root-ca-file': servingCertificate(folder),
    }),
  );
}

function startScheduler(folder: string, port: number, kubeconfig: string): Server {
  return startServer(
    folder,
    'kube-scheduler',
    flags({ kubeconfig, 'secure-port': port, 'bind-address': HOST, 'leader-elect': false, ...CLIENT_RATE }),
  );
}

interface Credentials {
  /** Signs the tokens of service accounts. */
  keyFile: string;
  tokens: { admin: string; reroot: string };
  tokenFile: string;
}

function writeCredentials(folder: string): Credentials {
  const keyFile = path.join(folder, 'service-account.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const tokens = { admin: randomBytes(24).toString('hex'), reroot: randomBytes(24).toString('hex') };
  const tokenFile = path.join(folder, 'tokens.csv');
  // the ServiceAccount that RBAC and policy of deploy name; its pod would have a token of it
  const groups = 'system:serviceaccounts,system:serviceaccounts:reroot';
  const users = [
    `${tokens.admin},admin,admin,"system:masters"`,
    `${tokens.reroot},system:serviceaccount:reroot:reroot,reroot,"${groups}"`,
  ];
  writeFileSync(tokenFile, `${users.join('\n')}\n`, { mode: 0o600 });
  return { keyFile, tokens, tokenFile };
}

/** The API server makes it at its first start, and signs it itself. */
function servingCertificate(folder: string): string {
  return path.join(folder, 'apiserver', 'apiserver.crt');
}

interface Endpoint {
  /** URL of the API server. */
  server: string;
  caFile: string;
}

function writeKubeconfig(folder: string, { server, caFile }: Endpoint, user: string, token: string): string {
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

async function isReady({ server, caFile }: Endpoint, token: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) } });
  try {
    const response = await fetch(`${server}/readyz`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
    return response.ok;
  } finally {
    await dispatcher.close();
  }
}
