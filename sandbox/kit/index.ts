/**
 * What tests, the demo and the benchmark have of the sandbox: a sandbox to start, what it says of itself, a worker to
 * run against it, and ways to measure what became of its mesh. Everything else stays inside.
 */
export { isAlive } from '../../src/ground/process.js';
export { tail, tool } from '../cluster/processes.js';
export {
  areCertificatesReady,
  type Certificate,
  readCertificate,
  renew,
  specChanges,
  type Specs,
  specsOf,
} from '../cert-manager/certificates.js';
export { ANCHOR_CERTIFICATE, CERT_MANAGER_NAMESPACE, ISSUER_CERTIFICATE } from '../cert-manager/names.js';
export type { CertificateLife, CertManagerOptions } from '../cert-manager/options.js';
export { pointIssuerAt } from '../cert-manager/outside.js';
export type { SandboxFacts, SandboxOptions } from '../facts.js';
export { CONTROLLER, type GitController, type Manifest, manifestsIn, startGitController } from '../git/controller.js';
export { createRepository, type Repository } from '../git/repository.js';
export type { AppsSize } from '../linkerd/apps.js';
export { helm, type HelmRelease } from '../linkerd/install/helm.js';
export { type LinkerdVersion, VERSIONS } from '../linkerd/install/versions.js';
export { type MeshCounts, type MeshStatus, type ProbeStatus, standInAt } from '../linkerd/standin-client.js';
export {
  HAND_REQUESTS_PER_SECOND,
  type HandStep,
  officialOrder,
  PRUNE,
  restartEverything,
  seedOrder,
} from './by-hand.js';
export { guideOrder, guideOrderWithRenewal, renewIssuer } from './by-hand-cert-manager.js';
export { type ChartRelease, type ChartTool, chartTool, installChart, sandboxValues, type Values } from './chart.js';
export { certificatesSince, type CertificatesSince } from './certificates.js';
export { startOverHttp, updateOverHttp } from './http-api.js';
export { bundleAnchors, bundleKeys, dataPlaneGenerations, rolloutsBetween } from './measure.js';
export { type MeshFlags, meshOptions, withMeshFlags } from './mesh-flags.js';
export { PLAYED_BY_A_PROCESS, type PodProcesses, type RunningPod, startPodProcesses } from './pod-processes.js';
export { type Sandbox, startSandbox, type StartOptions } from './sandbox.js';
export {
  cliProgram,
  cpuSecondsOf,
  peakRssOf,
  sandboxEnvironment,
  startWorkerProcess,
  type WorkerProcess,
} from './worker-process.js';
export { createObjects, type KubernetesObject, permissionObjects } from '../cluster/objects.js';
