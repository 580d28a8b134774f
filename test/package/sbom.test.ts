import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

interface Component {
  name: string;
  version: string;
  purl?: string;
  hashes?: { alg: string; content: string }[];
}

interface Bill {
  bomFormat: string;
  metadata: { component: Component };
  components: Component[];
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-sbom-'));
let bills: Record<string, Bill> = {};

beforeAll(async () => {
  const script = path.join(ROOT, 'scripts', 'sbom.mjs');
  const { writeBills } = (await import(script)) as { writeBills: (folder: string) => Promise<string[]> };
  const files = await writeBills(folder);
  bills = Object.fromEntries(
    files.map((file) => [path.basename(file, '.cdx.json'), JSON.parse(readFileSync(file, 'utf8')) as Bill]),
  );
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('there is a bill of materials of the package, of the repository, and of each program in Go that is built', () => {
  const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok', 'leash'];
  // these are built for who asks for them: perhaps never on this machine
  const optional = ['cert-manager', 'trust-manager', 'helm'];
  expect(
    Object.keys(bills)
      .filter((name) => !optional.includes(name))
      .toSorted(),
  ).toEqual([...programs, 'repository', 'reroot', 'standin', 'temporal'].toSorted());
  for (const bill of Object.values(bills)) expect(bill.bomFormat).toBe('CycloneDX');
});

it('that of the package has what runs, with digests, and no tool of its development', () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const { metadata, components } = bills['reroot'] as Bill;
  const names = components.map(({ name }) => name);
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  const running = Object.entries(packages).filter(([place, { dev, devOptional }]) => place && !dev && !devOptional);
  const locked = new Set(running.map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 13)));
  expect(new Set(names)).toEqual(locked);
  expect(metadata.component.name).toBe('reroot');
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  expect(names).not.toContain('vitest');
  expect(components.filter(({ hashes }) => !hashes?.length)).toEqual([]);
  expect((bills['repository'] as Bill).components.length).toBeGreaterThan(components.length);
});

it('those of programs name the version that go.mod pins, the modules in them, and the Go that builds them', () => {
  const { metadata, components } = bills['temporal'] as Bill;
  const pinned = readFileSync(path.join(ROOT, 'tools', 'temporal', 'go.mod'), 'utf8');
  expect(pinned).toContain(`github.com/temporalio/cli ${metadata.component.version}`);
  const server = components.find(({ name }) => name === 'go.temporal.io/server');
  expect(server?.purl).toBe(`pkg:golang/go.temporal.io/server@${server?.version}`);
  for (const name of ['temporal', 'leash', 'standin', 'kwok'])
    expect(bills[name]?.components.find((each) => each.name === 'stdlib')?.version).toMatch(/^1\.\d+/);
});
