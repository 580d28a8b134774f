import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (...file: string[]) => readFileSync(path.join(ROOT, ...file), 'utf8');
const dockerfile = read('deploy', 'image', 'Dockerfile');
const { NODE } = (await import(path.join(ROOT, 'scripts', 'image-base.mjs'))) as { NODE: Record<string, string> };

describe('the image', () => {
  it('stands on bases that are pinned by digest', () => {
    const bases = [...dockerfile.matchAll(/^ARG (\w+_BASE)=(.+)$/gm)].map(([, name, image = '']) => ({ name, image }));
    expect(bases.map(({ name }) => name)).toEqual(['BUILD_BASE', 'RUNTIME_BASE']);
    for (const { image } of bases) expect(image).toMatch(/^[a-z.]+\/[a-z0-9/-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
    const froms = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from);
    expect(new Set(froms)).toEqual(new Set(['${RUNTIME_BASE}', '${BUILD_BASE}', 'base']));
  });

  it('has the Node of its bases where they are made of Debian packages', () => {
    expect(dockerfile).toContain(`docker.io/library/node:${NODE['version']}-bookworm-slim@`);
    const [major] = (NODE['version'] ?? '').split('.');
    expect(dockerfile).toContain(`gcr.io/distroless/nodejs${major}-debian12:nonroot@`);
    for (const arch of ['x64', 'arm64']) expect(NODE[arch]).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });

  it('is built from what the build reads, and from nothing that tests or sandboxes leave', () => {
    const lines = read('.dockerignore').split('\n');
    const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))[0]).toBe('*');
    const [, sources = ''] = /const SOURCES = \[(.*?)\];/s.exec(read('scripts', 'build.mjs')) ?? [];
    for (const [, source = ''] of sources.matchAll(/'([^']+)'/g)) expect(taken).toContain(source);
    expect(taken.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
    expect(taken.filter((file) => /^(test|\.git|node_modules|dist|deploy)/.test(file))).toEqual([]);
  });
});
