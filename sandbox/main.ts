import { rmSync } from 'node:fs';
import { Command } from 'commander';
import Table from 'cli-table3';
import type { SandboxFacts, SandboxOptions } from './facts.js';
import { hostSandbox } from './host.js';
import { type MeshFlags, meshOptions, withMeshFlags } from './kit/mesh-flags.js';
import { DEFAULTS, findSandbox, namedFolder, startSandbox, stopHost } from './kit/sandbox.js';
import { standInAt } from './linkerd/standin-client.js';

interface Named {
  name: string;
}

const program = new Command('npm run sandbox --').description(
  'A Kubernetes cluster, a Temporal server and a Linkerd mesh on this machine',
);

withMeshFlags(program.command('up'))
  .description('start one that stays until `down`')
  .option('--name <name>', 'several can run side by side', 'default')
  .option('--apps <size>', 'sample applications: large, demo, small or none', DEFAULTS.apps)
  .option('--kubelet-lag <ms>', 'until mounted objects show a change', `${DEFAULTS.kubeletLagMs}`)
  .option('--leaf-life <duration>', 'as Linkerd writes it', DEFAULTS.issuanceLifetime)
  .action(
    async (options: Named & MeshFlags & { apps: SandboxOptions['apps']; kubeletLag: string; leafLife: string }) => {
      const folder = namedFolder(options.name);
      const running = findSandbox(folder);
      if (running) return describe(running, options.name);
      rmSync(folder, { recursive: true, force: true });
      process.stdout.write('Starting etcd, Kubernetes, kwok, Temporal and the Linkerd stand-in…\n');
      const facts = await startSandbox({
        folder,
        stay: true,
        apps: options.apps,
        ...meshOptions(options),
        kubeletLagMs: Number(options.kubeletLag),
        issuanceLifetime: options.leafLife,
      });
      describe(facts, options.name);
    },
  );

program
  .command('status')
  .description('roots, proxies and processes')
  .option('--name <name>', 'which', 'default')
  .action(async ({ name }: Named) => {
    const facts = findSandbox(namedFolder(name));
    if (!facts) return void process.stdout.write(`No sandbox "${name}" is running.\n`);
    await showMesh(facts);
    describe(facts, name);
  });

program
  .command('down')
  .description('end it')
  .option('--name <name>', 'which', 'default')
  .action(async ({ name }: Named) => {
    const folder = namedFolder(name);
    const facts = findSandbox(folder);
    if (facts) await stopHost(facts.pid);
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(facts ? `Sandbox "${name}" has ended.\n` : `No sandbox "${name}" was running.\n`);
  });

program
  .command('host', { hidden: true })
  .requiredOption('--folder <folder>')
  .requiredOption('--options <json>')
  .action(async ({ folder, options }: { folder: string; options: string }) => {
    await hostSandbox(folder, JSON.parse(options) as SandboxOptions);
  });

function describe(facts: SandboxFacts, name: string): void {
  const flag = name === 'default' ? '' : ` --name ${name}`;
  process.stdout.write(`
Kubernetes     export KUBECONFIG=${facts.adminKubeconfig}
reroot's user  ${facts.kubeconfig}
Temporal       export TEMPORAL_ADDRESS=${facts.temporal.address}
Temporal UI    ${facts.temporal.ui}
HTTP API       ${facts.temporal.http}
Stand-in       ${facts.standin}/status
Logs           ${facts.folder}

Try:   REROOT_REACH=address KUBECONFIG=${facts.kubeconfig} node dist/cli.js preflight --reach address
Stop:  npm run sandbox -- down${flag}
`);
}

async function showMesh(facts: SandboxFacts): Promise<void> {
  const mesh = standInAt(facts.standin);
  const [status, probe] = await Promise.all([mesh.status(), mesh.probe()]);
  const table = new Table({
    style: { head: [], border: [] },
    head: ['namespace', 'proxies', 'ready', 'anchors', 'leaf issued by'],
  });
  for (const namespace of [...new Set(status.proxies.map((proxy) => proxy.namespace))].toSorted()) {
    const proxies = status.proxies.filter((proxy) => proxy.namespace === namespace);
    const shorts = (all: (string | undefined)[]) =>
      [...new Set(all.map((fingerprint) => (fingerprint ?? 'none').slice(0, 8)))].join(' ');
    table.push([
      namespace,
      proxies.length,
      proxies.filter(({ ready }) => ready).length,
      shorts(proxies.flatMap(({ anchors }) => anchors)),
      shorts(proxies.map(({ chain }) => chain[1])),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  process.stdout.write(
    `Probe mesh: ${probe.handshakes} handshakes, ${probe.refused} refused, ${probe.closed} closed by a pod's end\n`,
  );
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
