import { type Command, Option } from 'commander';
import type { SandboxOptions } from '../facts.js';
import { VERSIONS } from '../linkerd/install/versions.js';

/** Flags for the mesh of a sandbox; the same for `sandbox up` and `demo`. */
export interface MeshFlags {
  linkerd: SandboxOptions['linkerd'];
  issuer: SandboxOptions['issuer'];
  certificates: SandboxOptions['certificates'] | 'cert-manager';
  install: SandboxOptions['install'];
  realHelm?: boolean;
  ha?: boolean;
}

export function withMeshFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--linkerd <version>', 'version of Linkerd to play').choices(Object.keys(VERSIONS)).default('2.20'),
    )
    .addOption(
      new Option('--issuer <scheme>', 'scheme of the issuer Secret')
        .choices(['linkerd', 'kubernetes'])
        .default('linkerd'),
    )
    .addOption(
      new Option(
        '--certificates <kind>',
        'an issuer under the root, one certificate that is both (`linkerd install`), an issuer under an intermediate, a P-384 root, or what cert-manager and trust-manager make and renew (scheme kubernetes)',
      )
        .choices(['separate', 'default', 'intermediate', 'p384', 'cert-manager'])
        .default('separate'),
    )
    .addOption(new Option('--install <how>', 'tool that installed Linkerd').choices(['cli', 'helm']).default('cli'))
    .option('--real-helm', 'with `--install helm`: by Helm itself, from a chart of the sandbox (2.11 and later)')
    .option('--ha', 'three replicas of identity instead of one');
}

export function meshOptions({
  linkerd,
  issuer,
  certificates,
  install,
  realHelm,
  ha,
}: MeshFlags): Partial<SandboxOptions> {
  const mesh = { linkerd, install, ...(realHelm ? { realHelm } : {}), ...(ha ? { identityReplicas: 3 } : {}) };
  return certificates === 'cert-manager' ? { ...mesh, certManager: {} } : { ...mesh, issuer, certificates };
}
