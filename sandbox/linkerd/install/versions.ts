/**
 * What the installs of Linkerd versions look like where it matters here. Source: the charts and templates of linkerd2 at
 * the tag of each version; docs/development/linkerd.md, "Where the anchors are stored" and "What differs by version".
 */
export interface VersionData {
  /** As labels and annotations show it. */
  release: string;
  layout: 'A' | 'B' | 'C' | 'D';
  /** Deployments of the control plane that have a proxy, by component. */
  components: readonly string[];
  /** The proxy is an init container that keeps running (`proxy.nativeSidecar`, true by default from 2.20). */
  nativeSidecar: boolean;
  /** Templates of the control plane carry a hash of the anchors, linkerd-config the CRDs' version (from 2.12). */
  rootHash: boolean;
}

const OLD = ['controller', 'destination', 'identity', 'proxy-injector', 'sp-validator', 'tap', 'web'] as const;
const NEW = ['destination', 'identity', 'proxy-injector'] as const;

export const VERSIONS = {
  '2.7': {
    release: 'stable-2.7.1',
    layout: 'A',
    components: [...OLD, 'grafana', 'prometheus'],
    nativeSidecar: false,
    rootHash: false,
  },
  '2.8': {
    release: 'stable-2.8.1',
    layout: 'A',
    components: [...OLD, 'grafana', 'prometheus'],
    nativeSidecar: false,
    rootHash: false,
  },
  '2.9': { release: 'stable-2.9.5', layout: 'B', components: OLD, nativeSidecar: false, rootHash: false },
  '2.10': {
    release: 'stable-2.10.2',
    layout: 'C',
    components: ['controller', 'destination', 'identity', 'proxy-injector', 'sp-validator'],
    nativeSidecar: false,
    rootHash: false,
  },
  '2.11': { release: 'stable-2.11.5', layout: 'D', components: NEW, nativeSidecar: false, rootHash: false },
  '2.14': { release: 'stable-2.14.10', layout: 'D', components: NEW, nativeSidecar: false, rootHash: true },
  '2.20': { release: 'edge-26.6.3', layout: 'D', components: NEW, nativeSidecar: true, rootHash: true },
} as const satisfies Record<string, VersionData>;

export type LinkerdVersion = keyof typeof VERSIONS;
