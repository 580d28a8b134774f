import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { fromFile, fromPlugin } from '../../../../src/kubernetes/access/credentials.js';
import { askPlugin, type Plugin } from '../../../../src/kubernetes/access/exec-plugin.js';
import { kubeconfigSchema } from '../../../../src/kubernetes/access/schema.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-plugin-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.useRealTimers());

const V1 = 'client.authentication.k8s.io/v1';

/** A plugin that is a shell script. */
function plugin(script: string, exec: object = {}, more: Partial<Plugin> = {}): Plugin {
  const file = path.join(folder, 'plugin.sh');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  const cluster = {
    server: 'https://api',
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
  };
  const entries = kubeconfigSchema.parse({
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { exec: { apiVersion: V1, command: file, ...exec } } }],
  });
  const [[one], [user]] = [entries.clusters, entries.users];
  if (!one || !user?.user?.exec) throw new Error('no plugin');
  return {
    exec: user.user.exec,
    cluster: one.cluster,
    terminal: { input: false, output: false },
    timeoutMs: 10_000,
    ...more,
  };
}

const answer = (status: object, apiVersion = V1) =>
  `echo '${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}'`;

describe('an exec plugin', () => {
  it('is told of itself and of the cluster', async () => {
    const seen = path.join(folder, 'seen');
    const asked = plugin(`echo "$KUBERNETES_EXEC_INFO $EXTRA $1" > ${seen}\n${answer({ token: 't' })}`, {
      args: ['argument'],
      env: [{ name: 'EXTRA', value: 'variable' }],
      provideClusterInfo: true,
    });
    expect(await askPlugin(asked)).toEqual({ token: 't' });
    const spec = { interactive: false, cluster: { server: 'https://api', config: { audience: 'x' } } };
    const info = { kind: 'ExecCredential', apiVersion: V1, spec };
    expect(readFileSync(seen, 'utf8')).toBe(`${JSON.stringify(info)} variable argument\n`);
  });
  it('gives a token or a certificate, until a time', async () => {
    const until = '2030-01-01T00:00:00Z';
    const certificate = { clientCertificateData: 'C', clientKeyData: 'K', expirationTimestamp: until };
    expect(await askPlugin(plugin(answer(certificate)))).toEqual({ cert: 'C', key: 'K', until: Date.parse(until) });
    const beta = 'client.authentication.k8s.io/v1beta1';
    expect(await askPlugin(plugin(answer({ token: 't' }, beta), { apiVersion: beta }))).toEqual({ token: 't' });
  });
  it.each<[string, string, object, string]>([
    [
      'of an old version',
      '',
      { apiVersion: 'client.authentication.k8s.io/v1alpha1' },
      'reroot and kubectl know client.authentication.k8s.io/v1 and',
    ],
    [
      'that is not there',
      '',
      { command: '/nowhere/plugin', installHint: 'brew install it' },
      '/nowhere/plugin is not there: brew install it',
    ],
    [
      'that fails',
      'echo "Error: the SSO session has expired, run \\"aws sso login\\" eyJhbGciOiJSUzI1NiJ9.x" >&2; exit 3',
      {},
      'ended with 3, saying: Error: the SSO session has expired, run "aws sso login" …',
    ],
    ['that answers something else', 'echo secret', {}, 'has answered with no ExecCredential'],
    ['that answers another version', answer({ token: 't' }, 'x/v9'), {}, 'has answered with no ExecCredential'],
    ['that gives nothing', answer({}), {}, 'neither a token nor a certificate'],
    ['that gives half a certificate', answer({ clientCertificateData: 'C' }), {}, 'neither a token nor a certificate'],
    [
      'that needs a terminal',
      '',
      { interactiveMode: 'Always' },
      'asks somebody at a terminal (interactiveMode: Always), and here is none',
    ],
    ['of an unknown mode', '', { interactiveMode: 'Sometimes' }, 'an interactiveMode that nobody knows: Sometimes'],
  ])('%s is said to be so', async (_what, script, exec, message) => {
    await expect(askPlugin(plugin(script, exec))).rejects.toThrow(message);
  });
  it('that floods the terminal is repeated in one plain line', async () => {
    const flood = plugin(String.raw`printf '\033[2Jlog in\n%0100000d\r please' 7 >&2; exit 1`);
    const error: unknown = await askPlugin(flood).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/ended with 1, saying: … in …$/);
    expect(String(error)).not.toMatch(/\p{Cc}/u);
  });
  it('that hangs is ended, with what it has started', async () => {
    const alive = path.join(folder, 'alive');
    const hanging = plugin(`(sleep 2; touch ${alive}) & sleep 30`, {}, { timeoutMs: 300 });
    const start = Date.now();
    await expect(askPlugin(hanging)).rejects.toThrow('has not answered within 0.3s');
    expect(Date.now() - start).toBeLessThan(2000);
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(existsSync(alive)).toBe(false);
  });
});

/** A plugin that counts how often it is asked. */
function counting(status: object): { renewable: ReturnType<typeof fromPlugin>; asked: () => number } {
  const count = path.join(folder, `count-${Math.random()}`);
  const renewable = fromPlugin(plugin(`echo >> ${count}\n${answer(status)}`));
  return { renewable, asked: () => (existsSync(count) ? readFileSync(count, 'utf8').length : 0) };
}

describe('credentials', () => {
  it('are asked for once by many, and again once refused', async () => {
    const { renewable, asked } = counting({ token: 't' });
    const [first] = await Promise.all(Array.from({ length: 20 }, async () => await renewable.current()));
    expect(asked()).toBe(1);
    if (!first) throw new Error('none');
    expect(renewable.refused(first)).toBe(true);
    const second = await renewable.current();
    expect(asked()).toBe(2);
    expect(renewable.refused(first), 'somebody else has asked already').toBe(true);
    expect(await renewable.current()).toBe(second);
    expect(renewable.refused(second), 'not again at once').toBe(false);
    expect(asked()).toBe(2);
  });
  it('are asked for again when their time is over', async () => {
    const { renewable, asked } = counting({ token: 't', expirationTimestamp: '2020-01-01T00:00:00Z' });
    await renewable.current();
    await renewable.current();
    expect(asked()).toBe(2);
  });
  it('of a plugin that has just failed are not asked for by everybody', async () => {
    const count = path.join(folder, 'failures');
    const renewable = fromPlugin(plugin(`echo >> ${count}; exit 1`));
    for (let time = 0; time < 3; time += 1)
      await expect(renewable.current()).rejects.toMatchObject({
        kind: 'SignIn',
        transient: true,
        message: expect.stringContaining('sign in again') as string,
      });
    expect(readFileSync(count, 'utf8')).toBe('\n');
  });
  it('in a file are read again', async () => {
    const file = path.join(folder, 'token');
    writeFileSync(file, 'one\n');
    const renewable = fromFile(file);
    const first = await renewable.current();
    expect(first.token).toBe('one');
    writeFileSync(file, 'two\n');
    expect(renewable.refused(first)).toBe(true);
    expect((await renewable.current()).token).toBe('two');
    writeFileSync(file, 'three\n');
    vi.useFakeTimers({ now: Date.now() + 11_000, toFake: ['Date'] });
    expect((await renewable.current()).token).toBe('three');
    rmSync(file);
    vi.setSystemTime(Date.now() + 11_000);
    expect((await renewable.current()).token, 'while it is written anew').toBe('three');
    await expect(fromFile(file).current()).rejects.toMatchObject({ kind: 'SignIn' });
  });
});
