// Run by deploy/image/Dockerfile, inside the image's build: puts what reroot loads at run time under a folder, which becomes a
// layer, with the bill of materials of the whole image (CycloneDX). Node alone is needed, and no network.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
/** What the Dockerfile has copied from the base. */
const BASE = '/base';
const BILL = 'usr/share/sbom/reroot.cdx.json';

/** dist/ has everything else in it (scripts/build.mjs). */
const INSTALLED = /^@temporalio\//;
/**
 * These make a bundle of workflows, which dist/workflows.js is already; @temporalio/worker imports webpack, which loads its own
 * packages when it is first called.
 */
const NEVER_LOADED = new Set(['@swc/core', 'swc-loader', 'source-map-loader']);
const NEVER_CALLED = new Set(['webpack']);
/** Inside packages: what compilers, debuggers and other platforms read. */
const NO_CODE = /\.(d\.[cm]?ts|[cm]?ts|map|md|markdown|flow|rs|proto|tsbuildinfo)$|^(Cargo\.(toml|lock))$/i;
const NO_CODE_FOLDERS = new Set([
  'test',
  'tests',
  '__tests__',
  'example',
  'examples',
  'docs',
  'sdk-core',
  'bridge-macros',
  '.github',
]);
/** Whoever hands out the image hands these out with it. */
const LEGAL = /^(licen[cs]e|notice|copying|authors)/i;

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: node scripts/image-content.mjs FOLDER');
const lock = json('package-lock.json').packages;
const app = path.join(out, 'app');
mkdirSync(app, { recursive: true });
const installed = closure();
for (const at of installed) copyPackage(at);
copyPrograms();
writeBill();

/** Where the packages that dist/ imports are, and those that they import in turn. */
function closure() {
  const found = new Set();
  const visit = (at) => {
    if (found.has(at)) return;
    found.add(at);
    if (NEVER_CALLED.has(nameOf(at))) return;
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock[at];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const target = NEVER_LOADED.has(name) ? undefined : resolved(name, at);
      if (target) visit(target);
    }
  };
  for (const name of Object.keys(lock[''].dependencies)) if (INSTALLED.test(name)) visit(`node_modules/${name}`);
  return [...found].toSorted(byText);
}

/** As Node finds it: beside the package that imports it, or further up; undefined: optional, and not there. */
function resolved(name, from) {
  const folders = from
    .split('/node_modules/')
    .map((_, index, all) => all.slice(0, all.length - index).join('/node_modules/'));
  const places = [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`];
  return places.find((at) => lock[at] && existsSync(path.join(ROOT, at)));
}

function byText(a, b) {
  return a < b ? -1 : 1;
}

function nameOf(at) {
  return at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function copyPackage(at) {
  const native = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`;
  const from = path.join(ROOT, at);
  const filter = (file) => {
    const base = path.basename(file);
    const inside = path.relative(from, file);
    if (inside === '') return true;
    if (base === 'node_modules') return false; // a package of its own, copied as such
    if (lstatSync(file).isDirectory())
      return !NO_CODE_FOLDERS.has(base) && !(at.endsWith('core-bridge') && inside === 'src');
    if (LEGAL.test(base)) return true;
    if (base === 'index.node') return inside.includes(native);
    return !NO_CODE.test(base);
  };
  cpSync(from, path.join(app, at), { recursive: true, filter });
}

function copyPrograms() {
  const { name, version, type, license } = json('package.json');
  writeFileSync(path.join(app, 'package.json'), `${JSON.stringify({ name, version, type, license }, null, 2)}\n`);
  cpSync(path.join(ROOT, 'LICENSE'), path.join(app, 'LICENSE'));
  cpSync(path.join(ROOT, 'docs'), path.join(app, 'docs'), { recursive: true });
  for (const file of ['workflows.js', ...reachable('cli.js')]) {
    cpSync(path.join(ROOT, 'dist', file), path.join(app, 'dist', file));
    const legal = path.join(ROOT, 'dist', `${file}.LEGAL.txt`);
    if (existsSync(legal)) cpSync(legal, path.join(app, 'dist', `${file}.LEGAL.txt`));
  }
}

/** The program and the chunks that it imports, not those of the sandbox. */
function reachable(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(path.join(ROOT, 'dist', file), 'utf8');
  for (const [, chunk] of text.matchAll(/["']\.{1,2}\/(?:chunks\/)?(chunk-[A-Z0-9]+\.js|[\w-]+-[A-Z0-9]{8}\.js)["']/g))
    reachable(`chunks/${chunk}`, found);
  return found;
}

/** Everything in the image: packages of the base, Node, packages installed and packages inside dist/. */
function writeBill() {
  const { name, version, license } = json('package.json');
  const components = [...baseComponents(), nodeComponent(), ...packageComponents()].toSorted((a, b) =>
    byText(a.purl, b.purl),
  );
  const digest = createHash('sha256')
    .update(JSON.stringify([version, process.env.REVISION, components]))
    .digest('hex');
  const timestamp = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString();
  const purl = `pkg:oci/${name}@${version}`;
  const component = {
    type: 'container',
    'bom-ref': purl,
    name,
    version,
    licenses: [{ license: { id: license } }],
    purl,
  };
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    // of what is in it: the same content has the same bill
    serialNumber: `urn:uuid:${digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5')}`,
    version: 1,
    metadata: { timestamp, component },
    components,
    dependencies: [{ ref: purl, dependsOn: components.map((each) => each['bom-ref']) }],
  };
  mkdirSync(path.join(out, path.dirname(BILL)), { recursive: true });
  writeFileSync(path.join(out, BILL), `${JSON.stringify(bill, null, 2)}\n`);
}

/** Of dpkg: one file for each package (distroless), or one for all (Debian). */
function baseComponents() {
  const folder = path.join(BASE, 'packages');
  const files = readdirSync(folder).filter((file) => !/\.(md5sums|list)$|^status-old$/.test(file));
  const { VERSION_ID } = Object.fromEntries(
    readFileSync(path.join(BASE, 'os-release'), 'utf8')
      .split('\n')
      .map((line) => line.replaceAll('"', '').split('=')),
  );
  const stanzas = files.flatMap((file) => readFileSync(path.join(folder, file), 'utf8').split(/\n\n+/));
  const packages = stanzas.map((stanza) => ({
    name: /^Package: (.+)$/m.exec(stanza)?.[1],
    version: /^Version: (.+)$/m.exec(stanza)?.[1],
    arch: /^Architecture: (.+)$/m.exec(stanza)?.[1],
  }));
  return packages
    .filter(({ name, version }) => name && version)
    .map(({ name, version, arch }) =>
      componentOf({
        name,
        version,
        purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}&distro=debian-${VERSION_ID}`,
      }),
    );
}

/** The base's, which is not the one that runs this. */
function nodeComponent() {
  const version = execFileSync(path.join(BASE, 'node'), ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '');
  return componentOf({ name: 'node', version, type: 'application', purl: `pkg:generic/node@${version}` });
}

function packageComponents() {
  const found = new Map();
  const note = (at, where) => {
    const { version, integrity, license } = lock[at];
    const key = `${nameOf(at)}@${version}`;
    const seen = found.get(key) ?? { name: nameOf(at), version, integrity, license, where: new Set() };
    found.set(key, { ...seen, where: seen.where.add(where) });
  };
  for (const at of installed) note(at, 'node_modules');
  for (const at of bundled()) note(at, 'dist');
  return [...found.values()].map(({ name, version, integrity, license, where }) => ({
    ...componentOf({ name, version, purl: `pkg:npm/${name.replace('@', '%40')}@${version}` }),
    ...(license
      ? { licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }] }
      : {}),
    ...(integrity ? { hashes: [hashOf(integrity)] } : {}),
    properties: [{ name: 'reroot:in', value: [...where].toSorted(byText).join(' ') }],
  }));
}

/** Packages inside the programs: their source maps name each file. */
function bundled() {
  const maps = [...reachable('cli.js')].map((file) => json(`dist/${file}.map`));
  const workflows = readFileSync(path.join(ROOT, 'dist', 'workflows.js'), 'utf8');
  const inline = workflows.slice(workflows.lastIndexOf('base64,') + 'base64,'.length).trim();
  const sources = [...maps, JSON.parse(Buffer.from(inline, 'base64').toString('utf8'))].flatMap((map) => map.sources);
  const places = sources.map((source) => /(node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]);
  return [...new Set(places)].filter((at) => at !== undefined && lock[at]);
}

function componentOf({ name, version, purl, type = 'library' }) {
  return { type, 'bom-ref': purl, name, version, purl };
}

function hashOf(integrity) {
  const [algorithm, digest] = integrity.split('-');
  return {
    alg: algorithm.toUpperCase().replace('SHA', 'SHA-'),
    content: Buffer.from(digest, 'base64').toString('hex'),
  };
}

function json(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
}
