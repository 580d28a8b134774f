import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, Connection } from '@temporalio/client';
import { type Sandbox, startSandbox } from '../../sandbox/kit/index.js';
import packageJson from '../../package.json' with { type: 'json' };
import { debian } from '../debian.js';
import { seenThrough, SHORT_LEAVES } from '../integration/own-mesh.js';
import { ROTATION_MS, TIMING } from '../integration/support.js';
import { type BuiltImage, builtImage } from './image-container.js';

/** The image, built here on a base of Debian packages: what is in it, and a whole rotation by the worker in it. */

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Unpacked; 215 MB when this was written, of which Node is 125. */
const MOST_MB = 280;
/** A machine that has much else to do downloads two bases' packages, and builds. */
const BUILDING_MS = 25 * 60_000;
const canBuild = !debian('buildah', 'mmdebstrap').missing && process.getuid?.() === 0;

describe.skipIf(!canBuild)('the image', () => {
  let image: BuiltImage;
  let files: string[];

  beforeAll(async () => {
    image = await builtImage();
    files = filesUnder(image.root);
  }, BUILDING_MS);
  afterAll(async () => await image?.remove(), 60_000);

  it('runs as nobody in particular, and needs no shell for it', () => {
    const { User, Entrypoint, Cmd, StopSignal } = image.config;
    expect({ User, StopSignal }).toEqual({ User: '65532:65532', StopSignal: 'SIGTERM' });
    expect([...Entrypoint, ...Cmd]).toEqual(['/nodejs/bin/node', '/app/dist/cli.js', 'worker']);
    const shells = files.filter((file) => /\/(ba|da|a|z)?sh$|\/busybox$/.test(file));
    expect(shells).toEqual([]);
    const raised = files.filter((file) => (statSync(path.join(image.root, file)).mode & 0o6000) !== 0);
    expect(raised).toEqual([]);
  });

  it('says what it is, and of which commit', () => {
    const { Labels } = image.config;
    expect(Labels).toMatchObject({
      'org.opencontainers.image.version': packageJson.version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.revision': expect.stringMatching(/^([0-9a-f]{40}(-changed)?|unknown)$/) as string,
    });
  });

  it('has reroot, and what it loads, and nothing else', () => {
    const own = files.filter((file) => file.startsWith('/app/') && !file.startsWith('/app/node_modules/'));
    expect(own.filter((file) => !/^\/app\/(dist|docs)\/|^\/app\/(LICENSE|package\.json)$/.test(file))).toEqual([]);
    expect(own.filter((file) => /sandbox\.js|demo\.js|bench\.js|\.map$/.test(file))).toEqual([]);
    expect(files.filter((file) => /\/\.git(\/|$)|\.test\.[jt]s$|\/test\/unit\//.test(file))).toEqual([]);
    const natives = files.filter((file) => file.endsWith('.node'));
    expect(natives).toEqual([
      `/app/node_modules/@temporalio/core-bridge/releases/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu/index.node`,
    ]);
  });

  it('has no dependency of development', () => {
    const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: true; devOptional?: true }>;
    };
    const development = Object.entries(lock.packages).filter(([, { dev }]) => dev);
    expect(development.length).toBeGreaterThan(50);
    const there = development.filter(([at]) => files.some((file) => file.startsWith(`/app/${at}/`)));
    expect(there.map(([at]) => at)).toEqual([]);
  });

  it('has no private key', () => {
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{60}/;
    const texts = files.filter((file) => !/\.node$|\/nodejs\/bin\/node$/.test(file));
    expect(texts.filter((file) => key.test(readFileSync(path.join(image.root, file), 'latin1')))).toEqual([]);
  });

  it('belongs to root: its user can write none of its files', () => {
    const loose = files.filter((file) => {
      const { mode, uid } = statSync(path.join(image.root, file));
      return uid !== 0 || (mode & 0o022) !== 0;
    });
    expect(loose).toEqual([]);
  });

  it('is small', () => {
    const bytes = files.map((file) => statSync(path.join(image.root, file)).size).reduce((sum, size) => sum + size, 0);
    const megabytes = Math.round(bytes / 1e6);
    console.log(`the image has ${megabytes} MB, unpacked`);
    expect(megabytes).toBeLessThan(MOST_MB);
  });

  it('says in a bill of materials what is in it', () => {
    const inside = readFileSync(path.join(image.root, '/usr/share/sbom/reroot.cdx.json'), 'utf8');
    expect(readFileSync(path.join(ROOT, 'dist', 'sbom', 'image.cdx.json'), 'utf8')).toBe(inside);
    const { components } = JSON.parse(inside) as { components: { name: string; version: string; purl: string }[] };
    const purls = components.map(({ purl }) => purl);
    for (const start of [
      'pkg:deb/debian/libc6@',
      'pkg:generic/node@22.',
      'pkg:npm/%40temporalio/core-bridge@',
      'pkg:npm/zod@',
    ])
      expect(purls.filter((purl) => purl.startsWith(start))).toHaveLength(1);
    expect(purls.filter((purl) => /vitest|typescript|esbuild/.test(purl))).toEqual([]);
    const installed = files.filter((file) =>
      /^\/app\/node_modules\/(?:.*\/node_modules\/)?(@[^/]+\/)?[^/]+\/package\.json$/.test(file),
    );
    const unnamed = installed
      .map((file) => JSON.parse(readFileSync(path.join(image.root, file), 'utf8')) as { name: string; version: string })
      .filter(({ name, version }) => !components.some((each) => each.name === name && each.version === version));
    expect(unnamed).toEqual([]);
  });

  it('runs without root, without capabilities, and where it can write nothing', async () => {
    expect(await said(image.run(['--version']))).toMatchObject({ code: 0, text: `${packageJson.version}\n` });
    const program = `
      const { readFileSync, writeFileSync } = require('node:fs');
      const of = (name) => new RegExp(name + ':\\\\s*(\\\\S*)').exec(readFileSync('/proc/self/status', 'utf8'))[1];
      const write = (file) => { try { writeFileSync(file, ''); return 'written'; } catch ({ code }) { return code; } };
      console.log(JSON.stringify([...['Uid', 'CapPrm', 'CapEff', 'NoNewPrivs'].map(of), ...['/tmp/x', '/home/nonroot/x', '/app/x'].map(write)]));`;
    const { text } = await said(image.run(['-e', program], { entrypoint: ['/nodejs/bin/node'] }));
    const none = '0000000000000000';
    expect(JSON.parse(text)).toEqual(['65532', none, none, '1', 'EROFS', 'EROFS', 'EROFS']);
  });

  it('finds the page of reasons', async () => {
    expect((await said(image.run(['explain', 'BridgeEnding']))).text).toMatch(
      /^BridgeEnding\n\nThe bridge certificate ends soon/,
    );
  });

  describe('in a cluster', () => {
    let sandbox: Sandbox;
    let worker: ChildProcess;
    const home = mkdtempSync(path.join(tmpdir(), 'reroot-image-home-'));

    beforeAll(async () => {
      sandbox = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 150, ...SHORT_LEAVES });
      chmodSync(home, 0o755);
      cpSync(sandbox.kubeconfig, path.join(home, 'kubeconfig'));
      chmodSync(path.join(home, 'kubeconfig'), 0o644); // the worker is another user
      const log = openSync(path.join(sandbox.folder, 'worker-of-image.log'), 'a');
      const env = {
        KUBECONFIG: '/home/nonroot/kubeconfig',
        TEMPORAL_ADDRESS: sandbox.temporal.address,
        REROOT_REACH: 'address',
      };
      worker = image.run(['worker'], { env, mounts: { [home]: '/home/nonroot' }, stdio: ['ignore', log, log] });
      closeSync(log);
    });
    afterAll(async () => {
      if (worker) await stopped(worker);
      await sandbox?.stop();
      rmSync(home, { recursive: true, force: true });
    });

    it(
      'rotates the root of a mesh, and ends when it is told to',
      async () => {
        const connection = await Connection.connect({ address: sandbox.temporal.address });
        const { workflow } = new Client({ connection });
        await sandbox.mesh.setProbe({ reset: true });
        const handle = await workflow.start('rotateTrustRoot', {
          ...{ taskQueue: 'reroot', workflowId: 'by-the-image' },
          args: [{ strategy: 'bridge', timing: TIMING }],
        });
        const report = await seenThrough(handle);
        await connection.close();
        expect(report.outcome).toBe('completed');
        const { refused, handshakes } = await sandbox.mesh.probe();
        expect(refused).toBe(0);
        expect(handshakes).toBeGreaterThan(100);
        const log = readFileSync(path.join(sandbox.folder, 'worker-of-image.log'), 'utf8');
        expect(log).toContain('worker polls');
        expect(log).not.toMatch(/EROFS|EACCES|EPERM|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND/);
        expect(await stopped(worker)).toBe(0);
      },
      ROTATION_MS,
    );
  });
});

async function said(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

/** SIGTERM, as Kubernetes ends a container. @returns the exit code */
async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return await exit;
}

/** Regular files, from the image's root. */
function filesUnder(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join('/', path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name))));
}
