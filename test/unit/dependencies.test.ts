import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PRODUCT = ['src', 'workflows', 'activities', 'worker'];
const IMPORT = /(?:\bfrom |\bimport |\bimport\()'([^'.][^']*)'/g;

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  overrides: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
const declared = Object.keys(manifest.dependencies);
/** Not imported, yet in the bundle: they take the place of what a dependency would have brought. */
const overriding = Object.entries(manifest.overrides)
  .filter(([name, version]) => version === `$${name}`)
  .map(([name]) => name);

/** Scanners and bills of materials read `dependencies` only, so they are told there what is in the bundle. */
describe('dependencies', () => {
  it('declares every package that the product imports', () => {
    expect(packagesImported().filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('declares none that the product does without', () => {
    const used = [...packagesImported(), ...overriding];
    expect(declared.filter((name) => !used.includes(name))).toEqual([]);
  });

  it('have no install script but those that somebody has looked at, and none of them runs', () => {
    const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = new Set(scripted.map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 13)));
    expect(manifest.allowScripts).toEqual(Object.fromEntries([...names].map((name) => [name, false])));
  });
});

function packagesImported(): string[] {
  const specifiers = PRODUCT.flatMap(sourcesUnder).flatMap((source) =>
    Array.from(source.matchAll(IMPORT), ([, specifier = '']) => specifier),
  );
  const names = specifiers.filter((specifier) => !isBuiltin(specifier)).map(packageOf);
  return [...new Set(names)];
}

function sourcesUnder(folder: string): string[] {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8'));
}

/** `@scope/name/lib/file.js` is of package `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
