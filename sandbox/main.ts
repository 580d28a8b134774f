import { rmSync } from 'node:fs';
import { Argument, Command } from 'commander';
import Table from 'cli-table3';
import { shortFingerprint } from '../src/cli/view/render.js';
import { createKubernetes } from '../src/kubernetes/client.js';
import { renew } from './cert-manager/certificates.js';
import { ANCHOR_CERTIFICATE, CERT_MANAGER_NAMESPACE, ISSUER_CERTIFICATE } from './cert-manager/names.js';
import type { SandboxFacts, SandboxOptions } from './facts.js';
import { hostSandbox } from './host.js';
import { type MeshFlags, meshOptions, withMeshFlags } from './kit/mesh-flags.js';
import { DEFAULTS, findSandbox, namedFolder, startSandbox, stopHost } from './kit/sandbox.js';
import { LINKERD_NAMESPACE } from './linkerd/install/names.js';
import { standInAt } from './linkerd/standin-client.js';

/** The Certificates of a sandbox with cert-manager, and their namespaces. */
const RENEWABLE = { [ANCHOR_CERTIFICATE]: CERT_MANAGER_NAMESPACE, [ISSUER_CERTIFICATE]: LINKERD_NAMESPACE } as const;

interface Named {
  name: string;
}

const program = new Command('npm run sandbox --').description(
  'A Kubernetes cluster, a Temporal server and a Linkerd mesh on this machine',
);

withMeshFlags(program.command('up'))
  .description('start a sandbox that stays until `down`')
  .option('--name <name>', 'its name: several can run side by side', 'default')
  .option('--apps <size>', 'sample applications: large, demo, small or none', DEFAULTS.apps)
  .option(
    '--kubelet-lag <ms>',
    'milliseconds until a mounted ConfigMap or Secret shows a change',
    `${DEFAULTS.kubeletLagMs}`,
  )
  .option('--leaf-life <duration>', 'how long leaves live, as Linkerd writes it', DEFAULTS.issuanceLifetime)
  .action(
    async (options: Named & MeshFlags & { apps: SandboxOptions['apps']; kubeletLag: string; leafLife: string }) => {
      const folder = namedFolder(options.name);
      const running = findSandbox(folder);
      if (running) {
        process.stdout.write(
          `Sandbox "${options.name}" is running already, with the options that it was started with.\n`,
        );
        return describe(running, options.name);
      }
      rmSync(folder, { recursive: true, force: true });
      const certManager = options.certificates === 'cert-manager' ? ', cert-manager, trust-manager' : '';
      process.stdout.write(`Starting Kubernetes, Temporal${certManager} and a Linkerd mesh…\n`);
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
  .description('show what the proxies trust, and where everything is')
  .option('--name <name>', 'which sandbox', 'default')
  .action(async ({ name }: Named) => {
    const facts = findSandbox(namedFolder(name));
    if (!facts) {
      process.stdout.write(`No sandbox "${name}" is running. Start one: npm run sandbox -- up${nameFlag(name)}\n`);
      return;
    }
    await showMesh(facts);
    describe(facts, name);
  });

program
  .command('renew')
  .description('have a Certificate of cert-manager issued anew, as `cmctl renew` does')
  .addArgument(new Argument('<certificate>', 'the root, or the identity issuer').choices(Object.keys(RENEWABLE)))
  .option('--name <name>', 'which sandbox', 'default')
  .action(async (certificate: keyof typeof RENEWABLE, { name }: Named) => {
    const facts = findSandbox(namedFolder(name));
    if (!facts || !hasCertManager(facts)) throw new Error(`No sandbox "${name}" with cert-manager is running.`);
    await renew(createKubernetes({ kubeconfig: facts.adminKubeconfig }), RENEWABLE[certificate], certificate);
    process.stdout.write(`Certificate ${RENEWABLE[certificate]}/${certificate} is being issued anew.\n`);
  });

program
  .command('down')
  .description('end a sandbox and remove what it left')
  .option('--name <name>', 'which sandbox', 'default')
  .action(async ({ name }: Named) => {
    const folder = namedFolder(name);
    const facts = findSandbox(folder);
    if (facts) await stopHost(facts);
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

function hasCertManager({ servers }: SandboxFacts): boolean {
  return servers.some((server) => server.name === 'cert-manager');
}

/** What there is to see and to do, where cert-manager makes the certificates. */
function aboutCertManager(facts: SandboxFacts, name: string): string {
  if (!hasCertManager(facts)) return '';
  return `
cert-manager makes root and issuer, and trust-manager writes the trust roots:
       KUBECONFIG=${facts.adminKubeconfig} kubectl get certificates,clusterissuers,bundles -A
Renew: npm run sandbox -- renew ${ANCHOR_CERTIFICATE}${nameFlag(name)}
`;
}

function describe(facts: SandboxFacts, name: string): void {
  process.stdout.write(`
Kubernetes, as admin     export KUBECONFIG=${facts.adminKubeconfig}
Kubernetes, as reroot    export KUBECONFIG=${facts.kubeconfig}
Temporal server          export TEMPORAL_ADDRESS=${facts.temporal.address}
Temporal UI              ${facts.temporal.ui}
Temporal HTTP API        ${facts.temporal.http}
what each proxy holds    ${facts.standin}/status
logs                     ${facts.folder}
${aboutCertManager(facts, name)}
Try:   KUBECONFIG=${facts.kubeconfig} node dist/cli.js preflight --reach address
Look:  npm run sandbox -- status${nameFlag(name)}
Stop:  npm run sandbox -- down${nameFlag(name)}
`);
}

function nameFlag(name: string): string {
  return name === 'default' ? '' : ` --name ${name}`;
}

async function showMesh(facts: SandboxFacts): Promise<void> {
  const mesh = standInAt(facts.standin);
  const [status, probe] = await Promise.all([mesh.status(), mesh.probe()]);
  const table = new Table({
    style: { head: [], border: [] },
    head: ['namespace', 'proxies', 'ready', 'trust anchors', 'identity issuer'],
  });
  for (const namespace of [...new Set(status.proxies.map((proxy) => proxy.namespace))].toSorted()) {
    const proxies = status.proxies.filter((proxy) => proxy.namespace === namespace);
    const shorts = (all: (string | undefined)[]) =>
      [...new Set(all.map((fingerprint) => (fingerprint ? shortFingerprint(fingerprint) : 'none')))].join(' ');
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
    `Probe mesh: ${probe.handshakes} handshakes, ${probe.refused} refused, ${probe.closed} cut off by a pod's end\n`,
  );
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
