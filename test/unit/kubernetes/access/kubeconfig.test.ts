import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { absoluteFiles, readKubeconfig } from '../../../../src/kubernetes/access/kubeconfig.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

function write(name: string, content: object | string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const context = (name: string, cluster = name, user = name) => ({ name, context: { cluster, user } });
const cluster = (name: string, more: object = {}) => ({ name, cluster: { server: `https://${name}`, ...more } });
const user = (name: string, more: object = {}) => ({ name, user: { token: name, ...more } });

const A = write('a', {
  'current-context': 'a',
  contexts: [context('a')],
  clusters: [cluster('a')],
  users: [user('a')],
});
const B = write('sub/b', {
  'current-context': 'b',
  contexts: [context('b'), context('a', 'b', 'b')],
  clusters: [cluster('b', { 'certificate-authority': 'ca.crt' }), cluster('a', { server: 'https://other' })],
  users: [
    user('b', { tokenFile: 'token', exec: { command: './bin/plugin', apiVersion: 'v1' } }),
    user('a', { as: 'x' }),
  ],
});
const NONE = path.join(folder, 'none');

describe('a list of kubeconfigs', () => {
  it('has the current context of the first that says one', () => {
    expect(readKubeconfig(`${A}:${B}`, undefined)).toMatchObject({ context: 'a', cluster: { server: 'https://a' } });
    expect(readKubeconfig(`${B}:${A}`, undefined)).toMatchObject({ context: 'b', cluster: { server: 'https://b' } });
    const silent = write('silent', { contexts: [context('c')], 'current-context': '' });
    expect(readKubeconfig(`${silent}:${A}`, undefined)).toMatchObject({ context: 'a' });
  });
  it('has a name from the first file that has it, with nothing of another', () => {
    const { cluster: first, user: own } = readKubeconfig(`${A}:${B}`, 'a') ?? {};
    expect(first).toMatchObject({ server: 'https://a' });
    expect(own?.as).toBeUndefined();
    expect(readKubeconfig(`${B}:${A}`, 'a')).toMatchObject({ clusterName: 'b', userName: 'b' });
  });
  it('has contexts of one file with clusters and users of another', () => {
    const contexts = write('contexts', { contexts: [context('mixed', 'a', 'b')], 'current-context': 'mixed' });
    expect(readKubeconfig(`${contexts}:${A}:${B}`, undefined)).toMatchObject({
      cluster: { server: 'https://a' },
      user: { token: 'b' },
    });
  });
  it('may have empty entries, files twice and files that are not there', () => {
    expect(readKubeconfig(`:${NONE}::${A}:${A}:`, undefined)).toMatchObject({ context: 'a', files: A });
  });
  it('is refused where no file is there: another cluster would be meant', () => {
    expect(() => readKubeconfig(`${NONE}:${NONE}2`, undefined)).toThrow(
      `none of the kubeconfigs ${NONE}, ${NONE}2 exists`,
    );
    expect(() => readKubeconfig(NONE, undefined)).toThrow(`the kubeconfig ${NONE} does not exist`);
  });
  it('has paths from the folder of each file', () => {
    const { cluster: of, user: own } = readKubeconfig(`${A}:${B}`, 'b') ?? {};
    expect(of?.['certificate-authority']).toBe(path.join(folder, 'sub/ca.crt'));
    expect(own?.tokenFile).toBe(path.join(folder, 'sub/token'));
    expect(own?.exec?.command).toBe(path.join(folder, 'sub/bin/plugin'));
    const onPath = write('c', { contexts: [context('c', 'a', 'c')], users: [user('c', { exec: { command: 'aws' } })] });
    expect(readKubeconfig(`${onPath}:${A}`, 'c')?.user.exec?.command).toBe('aws');
  });
  it('is named from the root for another process', () => {
    expect(absoluteFiles('a::b/c:/d:a')).toBe([path.resolve('a'), path.resolve('b/c'), '/d'].join(':'));
  });
});

describe('one kubeconfig', () => {
  it('is ~/.kube/config where none is named, and none where that is not there', () => {
    vi.stubEnv('HOME', path.join(folder, 'home'));
    expect(readKubeconfig(undefined, undefined)).toBeUndefined();
    expect(readKubeconfig('', undefined)).toBeUndefined();
    write('home/.kube/config', {
      'current-context': 'a',
      contexts: [context('a')],
      clusters: [cluster('a')],
      users: [user('a')],
    });
    expect(readKubeconfig(undefined, undefined)).toMatchObject({ context: 'a' });
  });
  it.each<[string, object | string, RegExp]>([
    [
      'without the context',
      { contexts: [context('x'), context('w')] },
      /there is no context wanted in the kubeconfig \S+; it has w, x$/,
    ],
    ['without contexts', {}, /it has none$/],
    ['that is empty', '', /it has none$/],
    [
      'without the cluster',
      { contexts: [context('wanted', 'gone')] },
      /context wanted of .* names cluster gone, which is not there/,
    ],
    [
      'without the server',
      { contexts: [context('wanted')], clusters: [cluster('wanted', { server: '' })] },
      /has no server/,
    ],
    [
      'without the user',
      { contexts: [context('wanted', 'a', 'gone')], clusters: [cluster('a')] },
      /names user gone, which is not there/,
    ],
    [
      'with a name twice',
      { clusters: [cluster('a'), cluster('a')] },
      /has two clusters a: which is meant nobody can say/,
    ],
    ['that is no mapping', 'text', /is not one: /],
    ['with another type', { contexts: [{ name: 1 }] }, /is not one: contexts\.0\.name/],
  ])('%s is refused', (_what, content, message) => {
    const file = write('refused', content);
    expect(() => readKubeconfig(file, 'wanted')).toThrow(message);
  });
  it('without a current context wants one to be named', () => {
    const file = write('no-current', { contexts: [context('x')] });
    expect(() => readKubeconfig(file, undefined)).toThrow(/has no current context: give --context; it has x$/);
  });
  it('may have a context without a user', () => {
    const file = write('anonymous', { contexts: [{ name: 'x', context: { cluster: 'a' } }], clusters: [cluster('a')] });
    expect(readKubeconfig(file, 'x')?.user.token).toBeUndefined();
  });
});
