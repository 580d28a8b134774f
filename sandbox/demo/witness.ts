import { createKubernetes } from '../../src/kubernetes/client.js';
import {
  bundleAnchors,
  bundleKeys,
  certificatesSince,
  type CertificatesSince,
  dataPlaneGenerations,
  type ProbeStatus,
  rolloutsBetween,
  type Sandbox,
} from '../kit/index.js';

/** What was seen of the mesh from beside the rotation. */
export interface Seen extends Partial<CertificatesSince> {
  /** Ready ones, at the end. */
  proxies: number;
  namespaces: number;
  handshakes: number;
  /** For trust, by either side. */
  refused: number;
  /** The most that any workload of the data plane went through. */
  dataPlaneRollouts: number;
  /** By their keys. */
  newRoots: number;
  /** From the bundle and from every proxy. */
  oldRootGone: boolean;
  /** Ordered pairs of identities that shook hands. */
  pairs: number;
}

export interface Witness {
  /** The counters of a moment ago, so that drawing never waits for them. */
  probe(): ProbeStatus | undefined;
  stop(): Promise<Seen>;
}

const LOOK_MS = 500;

export async function watchMesh(sandbox: Sandbox): Promise<Witness> {
  const k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  const [oldRoots, oldKeys] = [await bundleAnchors(k8s), await bundleKeys(k8s)];
  const certificates = await certificatesSince(k8s);
  const generations = await dataPlaneGenerations(sandbox);
  const keysSeen = new Set<string>();
  let latest: ProbeStatus | undefined;
  await sandbox.mesh.setProbe({ reset: true });
  const stopLooking = every(LOOK_MS, async () => {
    latest = await sandbox.mesh.probe();
    for (const key of await bundleKeys(k8s)) keysSeen.add(key);
  });
  return {
    probe: () => latest,
    stop: async () => {
      stopLooking();
      const { handshakes, refused, pairs } = await sandbox.mesh.probe();
      const { proxies } = await sandbox.mesh.status();
      const anchors = await bundleAnchors(k8s);
      const trusted = [...anchors, ...proxies.flatMap((proxy) => proxy.anchors)];
      const newRoots = new Set([...keysSeen, ...(await bundleKeys(k8s))].filter((key) => !oldKeys.includes(key)));
      return {
        proxies: proxies.filter(({ ready }) => ready).length,
        namespaces: new Set(proxies.map(({ namespace }) => namespace)).size,
        handshakes,
        refused,
        dataPlaneRollouts: rolloutsBetween(generations, await dataPlaneGenerations(sandbox)),
        newRoots: newRoots.size,
        oldRootGone: !trusted.some((anchor) => oldRoots.includes(anchor)),
        ...(await certificates()),
        pairs,
      };
    },
  };
}

/** A look that fails is as good as none: there is another one soon. */
function every(milliseconds: number, look: () => Promise<void>): () => void {
  const timer = setInterval(() => void look().catch(() => undefined), milliseconds);
  return () => clearInterval(timer);
}
