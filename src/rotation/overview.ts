import type { NamespaceCensus, Sample } from './census.js';
import type { CertificateFacts } from './payloads.js';
import type { RenewalState } from './renewal.js';
import type { RotationReport } from './report.js';
import type { RolloutProgress } from './rollout-payloads.js';
import type { ScheduledWatch } from './scheduled-watch.js';
import type { RotationStatus } from './status.js';
import type { WatchStatus } from './watch-status.js';

/**
 * Where a cluster stands, for whoever looks at it: the page, the metrics, the Events, the webhook and the report read this
 * and nothing else. Facts, counts and fingerprints: no key, no PEM, no Secret's content.
 */
export interface Overview {
  /** ISO 8601: when it was gathered. */
  at: string;
  cluster: string;
  /** `https://…` of the API server. */
  apiServer: string;
  /** Of reroot. */
  version: string;
  linkerdNamespace: string;
  /** The rotation that has the cluster now. */
  rotation?: RotationSeen;
  /** The watch that runs, or the look of a Schedule that is under way. */
  watch?: WatchStatus;
  /** The Schedule that looks at the cluster. */
  schedule?: ScheduledWatch;
  /** Absent: the mesh has not been looked at yet. */
  mesh?: MeshSeen;
  /** From the beginning of the rotation under way, or of the last one. */
  timeline: Sample[];
  certificates: CertificateSeen[];
  /** Of somebody's own probes of the mesh, where they say so. */
  probes?: ProbesSeen;
  /** Of the last rotation that has ended in this cluster. */
  report?: RotationReport;
  /** What could not be read, and why, in sentences. */
  problems: string[];
}

export interface RotationSeen {
  workflowId: string;
  runId: string;
  /** Absent: no worker has answered. */
  status?: RotationStatus;
  /** While proxies renew by themselves. */
  renewal?: RenewalState;
  /** While many namespaces are rolled. */
  rollout?: Pick<RolloutProgress, 'inFlight' | 'budget' | 'slowed'>;
}

export interface MeshSeen {
  /** ISO 8601: when the look began. */
  at: string;
  /** How long it took. */
  seconds: number;
  namespaces: NamespaceCensus[];
  /** Proxies that hold an anchor which the bundle does not have (any more), or lack one that it has, by namespace. */
  stale: { namespace: string; proxies: number }[];
}

export interface CertificateSeen extends CertificateFacts {
  /** `anchor`: in the bundle. `bridge`: the issuer's key, certified under the new root. */
  kind: 'anchor' | 'issuer' | 'bridge';
  /** Of an anchor in a rotation: which it is. `inUse`: the issuer is under it. */
  role?: 'new' | 'old' | 'inUse' | 'other';
}

export interface ProbesSeen {
  handshakes: number;
  /** For a certificate. */
  refused: number;
  /** Cut off by a pod's end. */
  closed: number;
}
