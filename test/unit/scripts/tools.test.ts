import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Tool {
  name: string;
  folder: string;
  package: string;
  ldflags?: string;
  says?: string;
}

interface Tools {
  TOOLS: Tool[];
  findTool: (tool: Tool, env: NodeJS.ProcessEnv, go?: string) => string | undefined;
  cachedPath: (tool: Tool, env: NodeJS.ProcessEnv, go?: string) => string;
  isPinned: (tool: Tool, version: string) => boolean;
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const { TOOLS, findTool, cachedPath, isPinned } = (await import(path.join(ROOT, 'scripts', 'tools.mjs'))) as Tools;
const GO = 'go1.26.8\nlinux\namd64';

function named(name: string): Tool {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return tool;
}

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'reroot-tools-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a program on the PATH', () => {
  it.each([
    ['kwok', 'kwok version v0.8.0 go1.26.8 (linux/amd64)', true],
    ['kwok', 'kwok version v0.8.1 go1.26.8 (linux/amd64)', false],
    ['kwok', 'kwok version v0.8.0-alpha.1 go1.26.8 (linux/amd64)', false],
    ['temporal', 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', true],
    ['temporal', 'temporal version 1.5.10 (Server 1.29.1, UI 2.42.1)', false],
    ['temporal', 'temporal version 1.6.0 (Server 1.30.0, UI 2.42.1)', false],
    ['etcd', 'etcd Version: 3.6.16\nGit SHA: 1234567\nGo Version: go1.24.1', true],
    ['etcd', 'etcd Version: 3.6.1\nGit SHA: 3.6.16', false],
    ['kube-apiserver', 'Kubernetes v1.36.3', true],
    ['kube-apiserver', 'Kubernetes v1.36.3+k3s1', false],
    ['kube-apiserver', 'Kubernetes v1.36.30', false],
  ])('%s that says "%s" is taken: %s', (name, version, taken) => {
    expect(isPinned(named(name), version)).toBe(taken);
  });

  it('is run in place of our own build only when it is of the pinned version', () => {
    const env = { PATH: folder, XDG_CACHE_HOME: path.join(folder, 'cache') };
    install('kwok version v0.8.0 go1.26.8 (linux/amd64)');
    expect(findTool(named('kwok'), env, GO)).toBe(path.join(folder, 'kwok'));
    install('kwok version v0.8.9 go1.26.8 (linux/amd64)');
    expect(findTool(named('kwok'), env, GO)).toBeUndefined();
  });
  it('is never taken for a program of this repository', () => {
    expect(TOOLS.filter(({ says }) => !says).map(({ name }) => name)).toEqual([
      'leash',
      'standin',
      'cert-manager',
      'trust-manager',
      'helm',
    ]);
  });
});

describe('a cached build', () => {
  const env = { XDG_CACHE_HOME: '/cache' };

  it('is of these very sources, this way of building, and this Go', () => {
    const kwok = named('kwok');
    const keys = [
      cachedPath(kwok, env, GO),
      cachedPath(kwok, env, GO.replace('1.26.8', '1.26.9')),
      cachedPath(kwok, env, GO.replace('amd64', 'arm64')),
      cachedPath({ ...kwok, ldflags: '-X a=b' }, env, GO),
      cachedPath({ ...kwok, package: 'sigs.k8s.io/kwok/cmd/kwokctl' }, env, GO),
      cachedPath({ ...kwok, folder: 'tools/temporal' }, env, GO),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(cachedPath(kwok, env, GO)).toBe(keys[0]);
  });
  it('is of sources at their places: a file that has moved makes another', () => {
    const at = (place: string): string => {
      rmSync(path.join(folder, 'source'), { recursive: true, force: true });
      mkdirSync(path.join(folder, 'source', path.dirname(place)), { recursive: true });
      writeFileSync(path.join(folder, 'source', place), 'package main');
      return cachedPath({ ...named('leash'), folder: path.relative(ROOT, path.join(folder, 'source')) }, env, GO);
    };
    expect(at('a/main.go')).not.toBe(at('b/main.go'));
  });
  it('is not found where no Go can say by which one it was built', () => {
    // a run of all tests says by REROOT_… where its tools are
    const rest = Object.entries(process.env).filter(([name]) => name !== 'PATH' && !name.startsWith('REROOT_'));
    expect(findTool(named('leash'), { ...Object.fromEntries(rest), PATH: folder })).toBeUndefined();
  });
});

function install(says: string): void {
  const file = path.join(folder, 'kwok');
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' '${says}'\n`);
  chmodSync(file, 0o755);
}
