import type { CertManagerOptions } from './cert-manager/options.js';
import type { TemporalServer } from './cluster/temporal.js';
import type { AppsSize } from './linkerd/apps.js';
import type { HelmRelease } from './linkerd/install/helm.js';
import type { LinkerdOptions } from './linkerd/install/options.js';

/** What a sandbox is made of: the host process is told so when it is started. */
export interface SandboxOptions extends LinkerdOptions {
  /** cert-manager makes the certificates, whatever `certificates` says (from Linkerd 2.11). */
  certManager?: CertManagerOptions;
  apps: AppsSize;
  /** Milliseconds until a mounted ConfigMap or Secret shows a change. */
  kubeletLagMs: number;
  /** Milliseconds between two renewals of a leaf at the least; Linkerd's proxies: 10,000. */
  minRefreshMs: number;
  /** Handshakes a second of the probe mesh. */
  probeRate: number;
  /** `nothing`: what is in deploy is not applied, because somebody installs reroot himself. */
  deploy?: 'nothing';
}

/** Where everything is: the host process says so, in this file of the sandbox's folder, when all of it serves. */
export interface SandboxFacts {
  folder: string;
  /** Of the host process. */
  pid: number;
  /** What tells it from a later process with that id (`birthOf`). */
  born: string;
  adminKubeconfig: string;
  /** Of the ServiceAccount `reroot/reroot`, who may do what deploy grants and its policy lets through, and nothing else. */
  kubeconfig: string;
  temporal: TemporalServer;
  /** URL of the stand-in's control API. */
  standin: string;
  servers: { name: string; pid: number }[];
  /** Absent unless Helm has installed Linkerd (`realHelm`). */
  helm?: HelmRelease;
}

export const FACTS_FILE = 'sandbox.json';
