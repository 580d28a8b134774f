import { fetch } from 'undici';

/** What the Linkerd stand-in tells of itself (linkerd/standin); the tests' second opinion. */
export interface MeshStatus {
  version: string;
  proxies: ProxyStatus[];
  identity: { pod: string; ready: boolean; anchors: string[]; issuer: string[]; error?: string }[];
  injectors: { pod: string; ready: boolean; anchors: string[] }[];
}

export interface ProxyStatus {
  namespace: string;
  pod: string;
  uid: string;
  ip: string;
  identity: string;
  ready: boolean;
  anchors: string[];
  chain: string[];
  leafNotAfter: string;
  refreshes: number;
  refreshErrors: number;
}

/** The mesh in numbers: a look at it costs the same whatever its size. */
export interface MeshCounts {
  /** That run. */
  proxies: number;
  /** Of these, in pods that are ready. */
  ready: number;
  /** Leaves that identity has signed since the sandbox's start. */
  leavesSigned: number;
  /** Proxies that have begun since then, gone ones too. */
  begunControlPlane: number;
  begunDataPlane: number;
}

/** Counters of the probe mesh since its start or the last reset. */
export interface ProbeStatus {
  running: boolean;
  /** Handshakes finished in both directions. */
  handshakes: number;
  /** Refused for trust by either side. */
  refused: number;
  /** Ended without a verdict: a pod went away in the middle. */
  closed: number;
  /** Ordered pairs of identities seen. */
  pairs: number;
  since: string;
  lastRefusals: { time: string; from: string; to: string; side: string; reason: string }[];
}

export interface Faults {
  kubeletLagMs?: number;
  /** The next so many identity pods start with the trust bundle of before its last change, and never see it refreshed. */
  identityStaleStarts?: number;
  /** New injector pods see their bundle as it was before its last change for so many milliseconds. */
  injectorStaleMs?: number;
  /** Identity pods (by name prefix) that never see a change of the issuer Secret. */
  frozenIssuerMounts?: string[];
  /** `namespace/podprefix` that identity gives no leaf to. */
  refuseLeafFor?: string[];
  /** `namespace/podprefix` whose admin port closes every connection: they cannot be read, and nobody shakes hands with them. */
  unreachable?: string[];
}

export interface StandIn {
  url: string;
  status(): Promise<MeshStatus>;
  counts(): Promise<MeshCounts>;
  probe(): Promise<ProbeStatus>;
  setProbe(change: { running?: boolean; rate?: number; reset?: boolean }): Promise<ProbeStatus>;
  setFaults(faults: Faults): Promise<void>;
}

export function standInAt(url: string): StandIn {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    url,
    status: async () => await call('GET', '/status'),
    counts: async () => await call('GET', '/counts'),
    probe: async () => await call('GET', '/probe'),
    setProbe: async (change) => await call('POST', '/probe', change),
    setFaults: async (faults) => void (await call('PUT', '/faults', faults)),
  };
}
