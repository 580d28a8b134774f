import { expect } from 'vitest';
import { CLUSTER, inFolder, kubeconfig, TOKEN } from '../kubeconfigs.js';
import { connectProxy, type Proxy, socksProxy } from '../proxies.js';
import type { Row } from '../row.js';
import { refused, seen } from './looks.js';

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

export const proxies: readonly Row[] = [
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
