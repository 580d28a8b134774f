import type { Client } from '@temporalio/client';
import type { Kubernetes } from '../kubernetes/client.js';
import type { Prober } from '../linkerd/proxies/observe.js';
import type { Overview } from '../rotation/overview.js';
import type { Metrics } from './metrics.js';
import type { Pages } from './server.js';

/** From where an overview is gathered. */
export interface Sources {
  k8s: Kubernetes;
  prober: Prober;
  /** Absent: nobody is asked how the rotation stands. */
  temporal?: Client | undefined;
  cluster: string;
  /** Of reroot. */
  version: string;
  /** Absent: it is looked for. */
  linkerdNamespace?: string | undefined;
  /** URL that answers `{"handshakes":n,"refused":n,"closed":n}`. */
  probeResults?: string | undefined;
}

export interface OperateOptions extends Sources {
  /** `host:port` to serve at; port 0: any that is free. */
  address: string;
  /** Milliseconds between two looks at the mesh while a rotation is under way; 20 times that between rotations. */
  lookIntervalMs: number;
  metrics: Metrics;
  /** In words; undefined: whoever runs this is ready. */
  whyNotReady?: (() => string | undefined) | undefined;
  /** Absent: the overview as it is. */
  pages?: Pages | undefined;
  /** Told of each overview; that it fails is logged. */
  tell?: ((overview: Overview) => Promise<void>) | undefined;
  log: { warn(fields: object, message: string): void };
}

export interface Operating {
  /** `http://127.0.0.1:8080`: where it is served. */
  url: string;
  /** As gathered last. */
  overview(): Overview;
  stop(): Promise<void>;
}
