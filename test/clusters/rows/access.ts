import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect } from 'vitest';
import { clientCertificate } from '../../../sandbox/cluster/client-authority.js';
import { cliProgram, sandboxEnvironment, startWorkerProcess } from '../../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../../src/kubernetes/client.js';
import { openAdminStream } from '../../../src/linkerd/proxies/reach.js';
import { eventually, k8s, mesh, reroot, sandbox, startRotation } from '../../integration/support.js';
import {
  ADMIN_TOKEN,
  CLUSTER,
  credential,
  inFolder,
  kubeconfig,
  plugin,
  revocableToken,
  TOKEN,
  write,
} from '../kubeconfigs.js';
import { connectProxy, type Proxy, socksProxy } from '../proxies.js';
import type { Row } from '../row.js';

/** What `reroot preflight` says first of a mesh that it has seen. */
async function seen(env: NodeJS.ProcessEnv, args: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await reroot(['preflight', ...args], env);
  expect(code, stderr + stdout).toBe(0);
  const [first = ''] = stdout.split('\n');
  expect(first).toMatch(/^Linkerd .* API server https:/);
  return first;
}

/** What it says where it gets no further. */
async function refused(env: NodeJS.ProcessEnv, args: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await reroot(['preflight', ...args], env);
  expect(code, stdout).not.toBe(0);
  return stderr.trim();
}

/** Who the API server says that this is. */
async function whoIs(client: Kubernetes): Promise<{ username?: string; groups?: string[] }> {
  const { status } = await client.authentication.createSelfSubjectReview({ body: {} });
  return status?.userInfo ?? {};
}

const NAME = 'api.corp.example';
/** A name that nobody on this machine can look up: what is not asked of the proxy fails. */
const NAMED = {
  server: `https://${NAME}:6443`,
  'tls-server-name': 'kubernetes.default.svc',
};
const target = new URL(CLUSTER.server).host;

async function through<T>(make: (target: string) => Promise<Proxy>, use: (proxy: Proxy) => Promise<T>): Promise<T> {
  const proxy = await make(target);
  try {
    return await use(proxy);
  } finally {
    proxy.close();
  }
}

const lists: readonly Row[] = [
  {
    report: 4,
    have: '`KUBECONFIG=a:b`, the context in one file, cluster and user in another, a file of the list missing',
    does: 'merges them as kubectl does; paths of certificates are relative to their own file',
    made: 'API server: two files in two folders and an empty place between them',
    sample: true,
    see: async () =>
      await inFolder(async (folder) => {
        const { server, 'certificate-authority-data': ca } = CLUSTER;
        write(folder, 'ca.crt', Buffer.from(ca, 'base64').toString());
        const contexts = { contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }], 'current-context': 'c' };
        const clusters = {
          clusters: [{ name: 'k', cluster: { server, 'certificate-authority': 'ca.crt' } }],
          users: [{ name: 'u', user: { token: TOKEN } }],
        };
        const files = [
          write(folder, 'a', JSON.stringify(contexts)),
          '',
          `${folder}/gone`,
          write(folder, 'b', JSON.stringify(clusters)),
        ];
        return await seen({ KUBECONFIG: files.join(':') });
      }),
  },
  {
    report: 4,
    have: 'two files of `KUBECONFIG` that give one name to two clusters',
    does: 'takes the first, with all of its entry: never the CA of one with the server of the other',
    made: 'API server: its kubeconfig before and after one that names another server',
    see: async () =>
      await inFolder(async (folder) => {
        const first = kubeconfig(folder, { token: TOKEN });
        const other = write(
          folder,
          'other',
          readFileSync(first, 'utf8').replaceAll(target, target.replace('127.0.0.1', '127.0.0.9')),
        );
        const line = await seen({ KUBECONFIG: `${first}:${other}` });
        expect(line).toContain(CLUSTER.server);
        expect(await refused({ KUBECONFIG: `${other}:${first}` })).toContain('ECONNREFUSED 127.0.0.9');
        return line;
      }),
  },
  {
    report: 4,
    have: 'a `--context` that is in no file',
    does: 'refuses, and lists the contexts that there are',
    made: 'process: the kubeconfig of the sandbox',
    see: async () => {
      const text = await refused({}, ['--context', 'production']);
      expect(text).toMatch(/there is no context production in the kubeconfig .*; it has sandbox$/);
      return text.replace(sandbox.folder, '…');
    },
  },
  {
    report: 4,
    have: '`KUBECONFIG` that names no file that is there',
    does: 'refuses: neither `~/.kube/config` nor the pod that it runs in is what was meant',
    made: 'process: two names of nothing',
    see: async () => {
      const text = await refused({ KUBECONFIG: '/nowhere/a:/nowhere/b', KUBERNETES_SERVICE_HOST: '10.0.0.1' });
      expect(text).toContain('none of the kubeconfigs /nowhere/a, /nowhere/b exists');
      return text;
    },
  },
];

const plugins: readonly Row[] = [
  {
    report: 9,
    have: 'an exec plugin that wants `KUBERNETES_EXEC_INFO`',
    does: 'sets it, with the cluster where `provideClusterInfo` says so; asks once for all requests',
    made: 'API server: a plugin that prints a token and keeps what it was told',
    sample: true,
    see: async () =>
      await inFolder(async (folder) => {
        const { exec, asked, info } = plugin(folder, credential(TOKEN), { provideClusterInfo: true });
        await seen({ KUBECONFIG: kubeconfig(folder, { exec }) });
        expect(asked()).toBe(1);
        expect(info().spec).toMatchObject({ interactive: false, cluster: { server: CLUSTER.server } });
        return `preflight passes; the plugin was asked ${asked()} time, about ${info().spec.cluster?.server}`;
      }),
  },
  {
    report: 9,
    have: 'a plugin that asks somebody to sign in',
    does: 'gives it the terminal, where there is one: its prompt is seen and answered',
    made: 'process: `reroot preflight` in a pseudo-terminal; a plugin that wants a code',
    see: async () =>
      await inFolder(async (folder) => {
        const script = `echo "enter the code:" >&2; read CODE; [ "$CODE" = 4711 ] || exit 1\n${credential(TOKEN)}`;
        const { exec, info } = plugin(folder, script, { interactiveMode: 'Always' });
        const env = { KUBECONFIG: kubeconfig(folder, { exec }) };
        expect(await refused(env)).toContain('asks somebody at a terminal');
        const { code, screen } = await atTerminal(['preflight'], env, { says: 'enter the code:', answer: '4711' });
        expect(code, screen).toBe(0);
        expect(info().spec.interactive).toBe(true);
        return `"enter the code:" on the terminal, then ${/Linkerd \S+/.exec(screen)?.[0]}…`;
      }),
  },
  {
    report: 9,
    have: 'a session that is revoked in the middle',
    does: 'asks the plugin again after 401, and sends the request once more',
    made: 'API server: tokens of TokenRequest bound to a Secret, which is deleted',
    see: async () =>
      await inFolder(async (folder) => {
        const [first, second] = [await revocableToken(), await revocableToken()];
        const script = `if [ $COUNT = 0 ]; then ${credential(first.token)}; else ${credential(second.token)}; fi`;
        const { exec, asked } = plugin(folder, script);
        const client = createKubernetes({ kubeconfig: kubeconfig(folder, { exec }) });
        try {
          expect(await whoIs(client)).toMatchObject({ username: first.username });
          expect(asked()).toBe(1);
          await first.revoke();
          await eventually('the second token', async () => {
            expect(await whoIs(client)).toMatchObject({ username: second.username }); // never a failure
            return asked() === 2;
          });
          return `no request failed; the plugin was asked ${asked()} times`;
        } finally {
          await second.revoke();
        }
      }),
  },
  {
    report: 9,
    have: 'nobody signed in where a worker without a terminal runs',
    does: 'waits: `status` says to sign in again, in words of the plugin that can be no credential; then goes on by itself',
    made: 'Temporal and API server: a worker whose plugin fails until a file is there',
    see: async () =>
      await inFolder(async (folder) => {
        const session = path.join(folder, 'session');
        const script = `if [ ! -f ${session} ]; then echo "Error: your session has expired, token eyJhbGciOi.x" >&2; exit 1; fi\n${credential(TOKEN)}`;
        const { exec } = plugin(folder, script);
        const worker = startWorkerProcess(sandbox, { KUBECONFIG: kubeconfig(folder, { exec }) });
        const handle = await startRotation({ planOnly: true });
        try {
          const line = await eventually('status to say so', async () => {
            const { stdout } = await reroot(['status', '--workflow-id', handle.workflowId]);
            return stdout.split('\n').find((one) => one.includes('sign in again'));
          });
          expect(line).toContain('saying: Error: your session has expired, token …');
          writeFileSync(session, '');
          expect(await handle.result()).toMatchObject({ plan: {} });
          return line.trim();
        } finally {
          await handle.terminate('end of a row').catch(() => undefined);
          await worker.stop();
        }
      }),
  },
  {
    report: 9,
    have: 'a plugin that never answers',
    does: 'gives it up after `REROOT_EXEC_PLUGIN_TIMEOUT_MS`, and ends it with what it has started',
    made: 'process: a plugin that sleeps',
    see: async () =>
      await inFolder(async (folder) => {
        const { exec } = plugin(folder, 'sleep 300');
        const env = { KUBECONFIG: kubeconfig(folder, { exec }), REROOT_EXEC_PLUGIN_TIMEOUT_MS: '1000' };
        const text = await refused(env);
        expect(text).toContain('has not answered within 1s');
        return text.replaceAll(folder, '…');
      }),
  },
  {
    report: 9,
    have: 'a plugin that is not installed here',
    does: 'says so, with the `installHint` of the kubeconfig',
    made: 'process: the name of no program',
    see: async () =>
      await inFolder(async (folder) => {
        const { exec } = plugin(folder, '', {
          command: 'kubectl-oidc_login_x',
          installHint: 'kubectl krew install oidc-login',
        });
        const text = await refused({ KUBECONFIG: kubeconfig(folder, { exec }) });
        expect(text).toContain('exec plugin kubectl-oidc_login_x is not there: kubectl krew install oidc-login');
        return text;
      }),
  },
];

const users: readonly Row[] = [
  {
    report: 'sibling of 9',
    have: '`tokenFile`, written anew from time to time',
    does: 'reads it again, at once after 401',
    made: 'API server: a file with a token of TokenRequest, then another; the first is revoked',
    see: async () =>
      await inFolder(async (folder) => {
        const [first, second] = [await revocableToken(), await revocableToken()];
        write(folder, 'token', `${first.token}\n`);
        const client = createKubernetes({ kubeconfig: kubeconfig(folder, { tokenFile: 'token' }) });
        try {
          const { username } = await whoIs(client);
          write(folder, 'token', `${second.token}\n`);
          await first.revoke();
          const end = Date.now() + 15_000; // longer than the API server remembers a token
          for (; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 500)))
            expect(await whoIs(client)).toMatchObject({ username });
          return `${username} throughout`;
        } finally {
          await second.revoke();
        }
      }),
  },
  {
    report: 'sibling of 9',
    have: '`as`, `as-groups`, `as-uid` and `as-user-extra`',
    does: 'acts as that user with all of them, also in a port-forward',
    made: 'API server: its own words about who it is, and about what that user may not do',
    sample: true,
    see: async () =>
      await inFolder(async (folder) => {
        const groups = ['team a', 'b, c'];
        const user = {
          token: ADMIN_TOKEN,
          as: 'jane',
          'as-groups': groups,
          'as-uid': '7',
          'as-user-extra': { 'x.io/S': ['1', '2'] },
        };
        const file = kubeconfig(folder, user);
        const client = createKubernetes({ kubeconfig: file });
        expect(await whoIs(client)).toMatchObject({
          ...{ username: 'jane', uid: '7', extra: { 'x.io/s': ['1', '2'] } },
          groups: [...groups, 'system:authenticated'],
        });
        const [pod] = (await k8s.core.listNamespacedPod({ namespace: 'shop' })).items;
        const proxy = { namespace: 'shop', name: pod?.metadata?.name ?? '' };
        await expect(
          openAdminStream(client, 'port-forward', proxy as Parameters<typeof openAdminStream>[2], 5000),
        ).rejects.toThrow('403');
        const text = await refused({ KUBECONFIG: file });
        expect(text).toContain('User "jane" cannot');
        return text;
      }),
  },
  {
    report: 'sibling of 9',
    have: 'an auth-provider that kubectl has taken out (`gcp`, `azure`)',
    does: 'refuses, and names the exec plugins that are used instead',
    made: 'process: a kubeconfig of 2021',
    see: async () =>
      await inFolder(async (folder) => {
        const text = await refused({ KUBECONFIG: kubeconfig(folder, { 'auth-provider': { name: 'gcp' } }) });
        expect(text).toContain('has auth-provider gcp, which kubectl knows no longer either');
        return text.replaceAll(folder, '…');
      }),
  },
  {
    report: 'sibling of 9',
    have: 'client certificates of minutes, renewed in their files',
    does: 'uses the next one from the next request on, in port-forwards too',
    made: 'API server: two certificates of one CA, of two users, in one file after the other',
    see: async () =>
      await inFolder(async (folder) => {
        const put = (user: string) => {
          const { cert, key } = clientCertificate(sandbox.folder, user, {
            groups: ['system:masters'],
            lifeMs: 600_000,
          });
          write(folder, 'client.crt', cert);
          write(folder, 'client.key', key);
        };
        put('monday');
        const client = createKubernetes({
          kubeconfig: kubeconfig(folder, { 'client-certificate': 'client.crt', 'client-key': 'client.key' }),
        });
        const before = await whoIs(client);
        await forwarded(client);
        put('tuesday');
        const after = await whoIs(client);
        expect([before.username, after.username]).toEqual(['monday', 'tuesday']);
        await forwarded(client);
        write(folder, 'client.crt', clientCertificate(sandbox.folder, 'late', { lifeMs: -1000 }).cert); // with another key
        await expect(forwarded(client)).rejects.toThrow(/\S/);
        return `${before.username}, then ${after.username}, with one client`;
      }),
  },
];

/** A port-forward to some proxy of the mesh. */
async function forwarded(client: Kubernetes): Promise<void> {
  const [proxy] = (await mesh.status()).proxies.filter(({ namespace }) => namespace === 'payments');
  const pod = { namespace: 'payments', name: proxy?.pod ?? '' } as Parameters<typeof openAdminStream>[2];
  (await openAdminStream(client, 'port-forward', pod, 10_000)).destroy();
}

const proxies: readonly Row[] = [
  {
    report: 10,
    have: '`HTTPS_PROXY`, the only way to the API server',
    does: 'goes through it with requests and port-forwards, as kubectl does',
    made: 'API server: under a name that only a CONNECT proxy knows',
    sample: true,
    see: async () =>
      await inFolder(
        async (folder) =>
          await through(connectProxy, async ({ address, tunnels }) => {
            const env = { KUBECONFIG: kubeconfig(folder, { token: TOKEN }, NAMED), HTTPS_PROXY: `http://${address}` };
            const line = await seen(env, ['--reach', 'port-forward']);
            expect(new Set(tunnels)).toEqual(new Set([`${NAME}:6443`]));
            expect(tunnels.length, 'one for each port-forward, and some for requests').toBeGreaterThan(8);
            return `${line}; ${tunnels.length} tunnels to ${NAME}:6443`;
          }),
      ),
  },
  {
    report: 10,
    have: '`NO_PROXY=.corp.example,10.0.0.0/8`',
    does: 'goes there directly, by the rules of Go: suffixes, CIDR, ports; never through a proxy to this machine',
    made: 'API server: with a proxy that must not be asked',
    see: async () =>
      await inFolder(
        async (folder) =>
          await through(connectProxy, async ({ address, tunnels }) => {
            const proxy = { HTTPS_PROXY: address, NO_PROXY: '10.0.0.0/8,.corp.example:6443' };
            const text = await refused({ KUBECONFIG: kubeconfig(folder, { token: TOKEN }, NAMED), ...proxy });
            expect(text).toMatch(/ENOTFOUND|EAI_AGAIN/);
            await seen({ KUBECONFIG: kubeconfig(folder, { token: TOKEN }), HTTPS_PROXY: address });
            expect(tunnels).toEqual([]);
            return text;
          }),
      ),
  },
  {
    report: 10,
    have: '`proxy-url` of the cluster, with a password, beside `NO_PROXY=*`',
    does: 'goes through it whatever the environment says',
    made: 'API server: a CONNECT proxy that keeps what it was given',
    see: async () =>
      await inFolder(
        async (folder) =>
          await through(connectProxy, async ({ address, tunnels, credentials }) => {
            const cluster = { ...NAMED, 'proxy-url': `http://me:secret@${address}` };
            const env = { KUBECONFIG: kubeconfig(folder, { token: TOKEN }, cluster), NO_PROXY: '*' };
            const line = await seen(env, ['--reach', 'port-forward']);
            expect(tunnels.length).toBeGreaterThan(8);
            expect(new Set(credentials)).toEqual(new Set([`Basic ${Buffer.from('me:secret').toString('base64')}`]));
            return `${line}; ${tunnels.length} tunnels`;
          }),
      ),
  },
  {
    report: 10,
    have: '`proxy-url: socks5://…` (`ssh -D`)',
    does: 'goes through it, and lets it look up the name',
    made: 'API server: a SOCKS proxy that alone knows the name',
    see: async () =>
      await inFolder(
        async (folder) =>
          await through(socksProxy, async ({ address, tunnels }) => {
            const cluster = { ...NAMED, 'proxy-url': `socks5://${address}` };
            const line = await seen({ KUBECONFIG: kubeconfig(folder, { token: TOKEN }, cluster) }, [
              '--reach',
              'port-forward',
            ]);
            expect(new Set(tunnels)).toEqual(new Set([`${NAME}:6443`]));
            return `${line}; ${tunnels.length} tunnels`;
          }),
      ),
  },
];

const ports: readonly Row[] = [
  {
    report: 15,
    have: 'proxies with `config.linkerd.io/admin-port`',
    does: 'asks each at the port that its own pod has, at its address and by port-forward',
    made: 'API server: a workload whose injected proxies listen at 4999 alone',
    see: async () => {
      const namespace = 'other-port';
      await k8s.core.createNamespace({
        body: { metadata: { name: namespace, annotations: { 'linkerd.io/inject': 'enabled' } } },
      });
      try {
        const labels = { app: 'web' };
        const annotations = { 'config.linkerd.io/admin-port': '4999' };
        const template = {
          metadata: { labels, annotations },
          spec: { containers: [{ name: 'app', image: 'example.invalid/app' }] },
        };
        const spec = { replicas: 2, selector: { matchLabels: labels }, template };
        await k8s.apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec } });
        await eventually(
          'its proxies',
          async () =>
            (await mesh.status()).proxies.filter((one) => one.namespace === namespace && one.ready).length === 2,
        );
        const [pod] = (await k8s.core.listNamespacedPod({ namespace })).items;
        await expect(connects(pod?.status?.podIP ?? '', 4191)).rejects.toThrow('ECONNREFUSED');
        await connects(pod?.status?.podIP ?? '', 4999);
        const near = await seen({});
        await seen({}, ['--reach', 'port-forward']);
        return `${near}; all proxies read, 2 of them at 4999`;
      } finally {
        await k8s.core.deleteNamespace({ name: namespace });
        await eventually(
          'its end',
          async () => !(await mesh.status()).proxies.some((one) => one.namespace === namespace),
        );
      }
    },
  },
  {
    report: 'sibling of 15',
    have: 'pods of IPv6, or of both families whose proxy listens at one',
    does: 'tries each address of the pod in turn',
    made: 'process: a listener at `::1` alone, for a pod with `127.0.0.1` and `::1` (the sandbox has no IPv6 pods)',
    see: async () => {
      const server = net.createServer((socket) => socket.end());
      await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
      try {
        const adminPort = (server.address() as net.AddressInfo).port;
        const pod = { namespace: 'shop', name: 'web', address: '127.0.0.1', otherAddresses: ['::1'], adminPort };
        const stream = await openAdminStream(
          k8s,
          'address',
          pod as unknown as Parameters<typeof openAdminStream>[2],
          2000,
        );
        const { remoteAddress } = stream as net.Socket;
        stream.destroy();
        expect(remoteAddress).toBe('::1');
        return `reached at ${remoteAddress}`;
      } finally {
        server.close();
      }
    },
  },
];

async function connects(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = net.connect(port, host, () => resolve(void socket.destroy()));
    socket.once('error', reject);
  });
}

/** Runs `reroot` in a pseudo-terminal, and answers what is asked there. */
async function atTerminal(
  args: string[],
  env: NodeJS.ProcessEnv,
  { says, answer }: { says: string; answer: string },
): Promise<{ code: number | null; screen: string }> {
  const command = [process.execPath, cliProgram(), ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...sandboxEnvironment(sandbox), ...env } });
  let screen = '';
  child.stdout.on('data', (part: Buffer) => {
    const asked = screen.includes(says);
    screen += part.toString();
    if (!asked && screen.includes(says)) child.stdin.write(`${answer}\n`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, screen };
}

export const access: readonly Row[] = [...lists, ...plugins, ...users, ...proxies, ...ports];
