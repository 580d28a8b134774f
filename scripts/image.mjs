// `npm run image`: builds deploy/image/Dockerfile with buildah, podman or docker, says what is in it, and writes its bill of
// materials to dist/sbom/image.cdx.json. The same commit gives the same times in it (SOURCE_DATE_EPOCH).
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '..');
const DOCKERFILE = path.join(ROOT, 'deploy', 'image', 'Dockerfile');
const BILL = path.join(ROOT, 'dist', 'sbom', 'image.cdx.json');
const BUILDERS = ['buildah', 'podman', 'docker'];

export const USAGE = `usage: npm run image -- [options]
  --base published|debian  published (default): what the Dockerfile pins, pulled from registries;
                           debian: made here from Debian packages (needs mmdebstrap) and Node from npm
  --tag NAME               default: reroot:VERSION
  --builder NAME           buildah, podman or docker; default: the first that is here
  --storage FOLDER         of buildah or podman: keep images there, not in the user's own storage`;

/**
 * @param args of the command line
 * @param say a line for people
 * @throws Error when no builder is there, or the build fails
 */
export async function buildImage(args, say) {
  const options = optionsOf(args);
  const source = await sourceOf();
  const builder = await builderNamed(options);
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const tag = String(options.tag ?? `${name}:${version}`);
  say(`image ${tag} of ${source.revision} with ${builder.name}`);
  const bases = options.base === 'debian' ? await madeBases(builder, source, say) : {};
  if (options.base !== 'debian') say('base: as the Dockerfile pins it, from the registries that it names');
  const values = {
    ...bases,
    VERSION: version,
    REVISION: source.revision,
    SOURCE: source.url,
    CREATED: source.created,
    SOURCE_DATE_EPOCH: source.epoch,
  };
  await builder.build({ file: DOCKERFILE, context: ROOT, tag, values, epoch: source.epoch });
  const facts = await builder.taken(tag, (root) => factsOf(root));
  const id = await builder.id(tag);
  say(`built ${tag} (${id})`);
  for (const [what, bytes] of Object.entries(facts.sizes)) say(`  ${what.padEnd(26)} ${megabytes(bytes)}`);
  say(`  ${path.relative(ROOT, BILL)}: ${facts.components} components`);
}

function optionsOf(args) {
  const text = { type: 'string' };
  const { values } = parseArgs({
    args,
    options: { base: { ...text, default: 'published' }, tag: text, builder: text, storage: text },
  });
  if (!['published', 'debian'].includes(values.base)) throw new Error(USAGE);
  return values;
}

/** What the image is built from, and when that was committed. */
async function sourceOf() {
  const git = async (...args) => (await output('git', ['-C', ROOT, ...args])).trim();
  const given = process.env.SOURCE_DATE_EPOCH;
  const commit = await git('rev-parse', 'HEAD').catch(() => 'unknown');
  const isChanged = (await git('status', '--porcelain').catch(() => '')) !== '';
  const epoch = given ?? (await git('log', '-1', '--format=%ct').catch(() => '0'));
  // as a page: `git@host:owner/name.git` is none
  const remote = await git('remote', 'get-url', 'origin').catch(() => '');
  const url = /^https:\/\/(?!.*@)/.test(remote) ? remote.replace(/\.git$/, '') : '';
  const created = new Date(Number(epoch) * 1000).toISOString();
  return { epoch, created, url, revision: isChanged ? `${commit}-changed` : commit };
}

async function madeBases(builder, { epoch }, say) {
  const { debianBases } = await import('./image-base.mjs');
  const build = async (dockerfile, context, tag) => {
    const file = path.join(context, 'Dockerfile');
    writeFileSync(file, dockerfile);
    await builder.build({ file, context, tag, values: {}, epoch });
  };
  return await debianBases(build, say);
}

async function builderNamed({ builder: wanted, storage }) {
  for (const name of wanted ? [wanted] : BUILDERS) {
    if (!BUILDERS.includes(name)) throw new Error(USAGE);
    const works = await output(name, ['info']).then(
      () => true,
      () => false,
    );
    if (works) return name === 'buildah' ? buildah(storage) : podmanOrDocker(name, storage);
  }
  throw new Error(`${wanted ?? 'no builder of images'} works here: apt-get install buildah (or podman, or docker)`);
}

/** Isolation chroot asks nothing of the kernel, so that it works inside containers too. */
function buildah(storage) {
  const at = storage ? ['--root', path.join(storage, 'root'), '--runroot', path.join(storage, 'run')] : [];
  const flags = ['--isolation', 'chroot', '--format', 'oci', '--no-cache'];
  return {
    name: 'buildah',
    build: async ({ file, context, tag, values, epoch }) =>
      await run('buildah', [
        ...at,
        'bud',
        ...flags,
        '--timestamp',
        epoch,
        ...argumentsOf(values),
        '-t',
        tag,
        '-f',
        file,
        context,
      ]),
    id: async (tag) =>
      (await output('buildah', [...at, 'inspect', '--type', 'image', '--format', '{{.FromImageDigest}}', tag])).trim(),
    taken: async (tag, look) => {
      const container = (await output('buildah', [...at, 'from', '--pull-never', tag])).trim();
      try {
        return await look((await output('buildah', [...at, 'mount', container])).trim());
      } finally {
        await output('buildah', [...at, 'rm', container]);
      }
    },
  };
}

function podmanOrDocker(name, storage) {
  const at =
    storage && name === 'podman' ? ['--root', path.join(storage, 'root'), '--runroot', path.join(storage, 'run')] : [];
  return {
    name,
    build: async ({ file, context, tag, values, epoch }) => {
      const timestamp = name === 'podman' ? ['--timestamp', epoch] : [];
      await run(name, [
        ...at,
        'build',
        ...timestamp,
        ...argumentsOf({ ...values, SOURCE_DATE_EPOCH: epoch }),
        '-t',
        tag,
        '-f',
        file,
        context,
      ]);
    },
    id: async (tag) => (await output(name, [...at, 'image', 'inspect', '--format', '{{.Id}}', tag])).trim(),
    taken: async (tag, look) => {
      const container = (await output(name, [...at, 'create', tag])).trim();
      const folder = mkdtempSync(path.join(tmpdir(), 'reroot-image-'));
      try {
        await output('sh', [
          '-c',
          `${[name, ...at].join(' ')} export ${container} | tar -x -C '${folder}' --no-same-owner`,
        ]);
        return await look(folder);
      } finally {
        await output(name, [...at, 'rm', container]);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function argumentsOf(values) {
  const roots = process.env.NODE_EXTRA_CA_CERTS; // of a proxy that stands between this machine and the registry
  return [
    ...Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...(roots && existsSync(roots) ? ['--secret', `id=roots,src=${roots}`] : []),
  ];
}

async function factsOf(root) {
  const inImage = path.join(root, 'usr/share/sbom/reroot.cdx.json');
  mkdirSync(path.dirname(BILL), { recursive: true });
  cpSync(inImage, BILL);
  const size = async (folder) => Number((await output('du', ['-sb', path.join(root, folder)])).split('\t')[0]);
  const [all, node, packages, programs] = [
    await size('.'),
    await size('nodejs'),
    await size('app/node_modules'),
    await size('app/dist'),
  ];
  const sizes = {
    'Node (/nodejs)': node,
    'packages (/app/node_modules)': packages,
    'reroot (/app/dist)': programs,
    'the rest of the base': all - node - packages - programs,
    'all, unpacked': all,
  };
  return { sizes, components: JSON.parse(readFileSync(BILL, 'utf8')).components.length };
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function run(file, args) {
  const code = await new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (exit) => resolve(exit ?? 1));
  });
  if (code !== 0) throw new Error(`${file} ${args[0] ?? ''} failed (${code})`);
}

async function output(file, args) {
  const { stdout } = await promisify(execFile)(file, args);
  return stdout;
}
