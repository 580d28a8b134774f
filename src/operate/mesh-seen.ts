import type { Kubernetes } from '../kubernetes/client.js';
import type { Linkerd } from '../linkerd/detect.js';
import { findIssuer } from '../linkerd/identity/issuer.js';
import { readAnchors } from '../linkerd/layouts/stores.js';
import type { Prober } from '../linkerd/proxies/observe.js';
import type { Certificate } from '../pki/certificate.js';
import { anchorsOfIssuer } from '../pki/issuer-anchors.js';
import { readRotationRoots } from '../records/rotation-roots.js';
import type { Overview, RotationSeen } from '../rotation/overview.js';
import { certificatesSeen, type StoredCertificates } from './certificates-seen.js';
import type { LeafMemory } from './leaf-memory.js';
import { type LookRoots, lookRoots } from './look-roots.js';
import { lookAtMesh } from './mesh-look.js';
import type { Problems } from './problems.js';

interface Eyes {
  k8s: Kubernetes;
  prober: Prober;
  leaves: LeafMemory;
}

interface Looking {
  linkerd: Linkerd;
  /** The one under way. */
  rotation: RotationSeen | undefined;
  signal: AbortSignal;
}

/** Reads the stores, and looks at the mesh; remembers each root that it has seen, for chains under one that has left the bundle. */
export function meshReader({ k8s, prober, leaves }: Eyes, problems: Problems) {
  const known = new Map<string, Certificate>();
  const remember = (roots: readonly Certificate[]) => roots.forEach((root) => known.set(root.fingerprint, root));
  const rootsOf = async ({ linkerd, rotation }: Looking, inUse: readonly Certificate[]): Promise<LookRoots> => {
    const roots = lookRoots(rotation?.status?.roots, inUse, known);
    if (roots.missing.length === 0) return roots;
    remember((await problems.attempt(SECRET, async () => await readRotationRoots(k8s, linkerd.namespace))) ?? []);
    return lookRoots(rotation?.status?.roots, inUse, known);
  };
  return async (looking: Looking): Promise<Partial<Pick<Overview, 'certificates' | 'mesh'>>> => {
    const { linkerd, rotation, signal } = looking;
    const stored = await problems.attempt('The certificates', async () => await readStored(k8s, linkerd, problems));
    if (!stored) return {};
    remember(stored.anchors);
    const roots = await rootsOf(looking, stored.inUse);
    problems.say(MISSING, missingText(roots));
    const bundle = stored.anchors.map(({ fingerprint }) => fingerprint);
    const mesh = await problems.attempt('The mesh', async () => {
      return await lookAtMesh({ k8s, prober: { ...prober, signal }, linkerd, leaves }, roots, bundle);
    });
    return { certificates: certificatesSeen(stored, rotation?.status?.roots), ...(mesh ? { mesh } : {}) };
  };
}

const SECRET = "The rotation's Secret";
const MISSING = 'Roots';

/** Who presents what under a root of which only the fingerprint is known cannot be told: it is counted as under another. */
function missingText({ missing }: LookRoots): string | undefined {
  if (missing.length === 0) return undefined;
  const names = missing.map((fingerprint) => fingerprint.slice(0, 12)).join(', ');
  return `The certificate of root ${names} is not known here: proxies that present a chain under it are counted as \`other\`.`;
}

/** The public parts of what is stored. An issuer that cannot be read leaves the anchors. */
async function readStored(k8s: Kubernetes, linkerd: Linkerd, problems: Problems): Promise<StoredCertificates> {
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const issuer = await problems.attempt('The issuer', async () => (await findIssuer(k8s, linkerd)).certificates);
  return { anchors, issuer, inUse: issuer ? anchorsOfIssuer(issuer, anchors) : anchors };
}
