import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { startWorkerProcess } from '../../../sandbox/kit/index.js';
import { createKubernetes } from '../../../src/kubernetes/client.js';
import { eventually, reroot, sandbox, startRotation } from '../../integration/support.js';
import { CLUSTER, credential, inFolder, kubeconfig, plugin, revocableToken, TOKEN } from '../kubeconfigs.js';
import type { Row } from '../row.js';
import { refused, seen, whoIs } from './looks.js';
import { alone, atTerminal } from './shells.js';

export const plugins: readonly Row[] = [
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
    does: 'gives it the terminal, where there is one: what it says is seen (with `interactiveMode: Never` too), and answered',
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
        const browser = plugin(folder, `echo "visit https://idp.example" >&2\n${credential(TOKEN)}`, {
          interactiveMode: 'Never',
        });
        kubeconfig(folder, browser);
        expect((await atTerminal(['preflight'], env)).screen).toContain('visit https://idp.example');
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
    have: 'nobody signed in, and no Temporal server configured',
    does: 'asks before it starts the background process, which has no terminal; without a session it starts none',
    made: 'Temporal and API server: `reroot rotate` with `KUBECONFIG` of relative names and a plugin that fails at first',
    see: async () =>
      await inFolder(async (folder) => {
        const session = path.join(folder, 'session');
        const { exec, asked } = plugin(folder, `[ -f ${session} ] || exit 1\n${credential(TOKEN)}`);
        kubeconfig(folder, { exec });
        return await alone(folder, { KUBECONFIG: 'gone:config' }, async ({ reroot: rotate, host }) => {
          const input = path.join(folder, 'input.json');
          writeFileSync(input, JSON.stringify({ planOnly: true }));
          const without = await rotate('rotate', '--input', input);
          expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('sign in again') as string });
          expect([host(), asked()]).toEqual([undefined, 1]);
          writeFileSync(session, '');
          const { code, stdout, stderr } = await rotate('rotate', '--input', input);
          expect(code, stderr).toBe(0);
          expect(asked(), 'once before, and once by the background process').toBe(3);
          return `${without.stderr.trim().replaceAll(folder, '…')} Then: ${stdout.split('\n').find((line) => line.startsWith('Plan '))}`;
        });
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
