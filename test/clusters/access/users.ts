import { expect } from 'vitest';
import { clientCertificate } from '../../../sandbox/cluster/client-authority.js';
import { createKubernetes, type Kubernetes } from '../../../src/kubernetes/client.js';
import { openAdminStream } from '../../../src/linkerd/proxies/reach.js';
import { k8s, mesh, reroot, sandbox } from '../../integration/support.js';
import { ADMIN_TOKEN, inFolder, kubeconfig, revocableToken, write } from '../kubeconfigs.js';
import type { Row } from '../row.js';
import { refused, whoIs } from './looks.js';

export const users: readonly Row[] = [
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
          openAdminStream(client, 'port-forward', proxy as Parameters<typeof openAdminStream>[2], { timeoutMs: 5000 }),
        ).rejects.toThrow('403');
        const { code, stdout } = await reroot(['preflight'], { KUBECONFIG: file });
        expect(stdout).toContain('PermissionMissing');
        expect(code).not.toBe(0);
        return stdout.trim();
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
  (await openAdminStream(client, 'port-forward', pod, { timeoutMs: 10_000 })).destroy();
}
