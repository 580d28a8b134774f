// Bills of materials, CycloneDX, in dist/sbom: of the package, of this repository, and of each program in Go that the
// sandbox runs. Nothing is asked of any registry.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { BUILD_ENV, findTool, goOf, TOOLS } from './tools.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const MOST_OUTPUT = 64 * 1024 * 1024;

/** @returns the files, which replace those of before */
export async function writeBills(folder = path.join(ROOT, 'dist', 'sbom')) {
  // the modules of an optional program that was never built are not on this machine
  const tools = TOOLS.filter((tool) => !tool.optional || findTool(tool, process.env));
  const [repository, ...programs] = await Promise.all([npmBill(), ...tools.map(async (tool) => await goBill(tool))]);
  const bills = [
    { name: 'reroot', bill: withoutDevelopment(repository) },
    { name: 'repository', bill: repository },
    ...programs,
  ];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return bills.map(({ name, bill }) => {
    const file = path.join(folder, `${name}.cdx.json`);
    writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
    return file;
  });
}

/** What the lock file has, with the digest of each package. */
async function npmBill() {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const bill = JSON.parse(await output('npm', args, ROOT));
  bill.metadata.component.name = manifest().name; // npm calls it by its folder
  return bill;
}

/** `npm sbom --omit=dev` (11.19) also leaves out what runs, where a tool of development needs it too. */
function withoutDevelopment(bill) {
  const components = bill.components.filter(
    ({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
  );
  const kept = new Set([bill.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  return { ...bill, serialNumber: `urn:uuid:${randomUUID()}`, components, dependencies };
}

/** The modules that are in the program: not all that some go.mod names. */
async function goBill({ name, folder, package: main }) {
  const cwd = path.join(ROOT, folder);
  const format = '{{with .Module}}{{.Path}} {{.Version}} {{with .Replace}}{{.Path}} {{.Version}}{{end}}{{end}}';
  const listed = await output('go', ['list', '-deps', '-f', format, main], cwd);
  const lines = listed.trimEnd().split('\n');
  const modules = [...new Set(lines)].map(moduleOf).filter((module) => module.version);
  const { version = manifest().version } = moduleOf(lines.at(-1)); // the program itself comes last; ours has none
  return {
    name,
    bill: {
      $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      serialNumber: `urn:uuid:${randomUUID()}`,
      version: 1,
      metadata: {
        timestamp: new Date().toISOString(),
        component: { type: 'application', 'bom-ref': name, name, version },
      },
      components: [standardLibrary(), ...modules].map(componentOf).toSorted((a, b) => (a.purl < b.purl ? -1 : 1)),
    },
  };
}

function standardLibrary() {
  const [go = ''] = (goOf(process.env) ?? '').split('\n');
  return { name: 'stdlib', version: go.replace(/^go/, '') };
}

/** A module that is replaced is the one in its place; ours has no version. */
function moduleOf(line) {
  const [name, version, ...replacement] = line.split(' ');
  const [newName, newVersion] = replacement.filter(Boolean);
  return newVersion ? { name: newName, version: newVersion } : { name, version: version || undefined };
}

function componentOf({ name, version }) {
  const purl = `pkg:golang/${name}@${version.replace('+', '%2B')}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}

function manifest() {
  return JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
}

async function output(file, args, cwd) {
  const env = { ...process.env, ...BUILD_ENV, GOPROXY: 'off' };
  const { stdout } = await promisify(execFile)(file, args, { cwd, env, maxBuffer: MOST_OUTPUT });
  return stdout;
}
