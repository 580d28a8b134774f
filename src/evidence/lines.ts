import type { Fingerprint } from '../ground/mesh.js';
import type { RotationReport } from '../rotation/report.js';

/**
 * The evidence of a rotation: one line of canonical JSON each for what had to be proven, for every certificate, and for every
 * proxy, in the order of their names. A certificate stands before the first line that refers to it, but for the very first line.
 */
export type EvidenceLine = BeginningLine | CertificateLine | ProxyLine | WaivedLine | UnseenLine;

/** The format of the lines and of the file; another is not verified. */
export const FORMAT = 'reroot-report/1';

/** The first line: what each proxy has to show, and how many there are. */
export interface BeginningLine {
  kind: 'rotation';
  format: typeof FORMAT;
  outcome: RotationReport['outcome'];
  cluster: string;
  /** uid of namespace `kube-system`. */
  clusterUid?: string;
  linkerdNamespace: string;
  workflowId: string;
  runId: string;
  /** ISO 8601: when the last look began and ended. */
  from: string;
  to: string;
  /** The root that every proxy trusts and is verified with: the new one; after an abort, or where it stays, that of the start. */
  root: Fingerprint;
  /** Roots that nobody may trust any more, and with which no chain may verify. */
  retired: Fingerprint[];
  /** Certificates of the issuer key that is out of use: nobody may present one. */
  retiredIssuer: Fingerprint[];
  /** Live proxies by namespace, as the API server listed them last. */
  listed: { namespace: string; proxies: number }[];
  /** Those whose identity is switched off beside them: there is nothing to prove. */
  withoutIdentity: number;
}

export interface CertificateLine {
  kind: 'certificate';
  fingerprint: Fingerprint;
  /** Base64. */
  der: string;
}

/** Which proxy. */
interface OfProxy {
  namespace: string;
  /** `Deployment/web`. */
  workload: string;
  pod: string;
  uid: string;
  /** The pod has been deleted and is on its way out. */
  terminating?: true;
}

/**
 * How the anchors of a process are known: its pod says them literally, which is what the container was started with
 * (`specification`); it said so itself (`process`); or it was started after the last change of the bundle (`startTime`, 2.11).
 */
export type AnchorsFrom = 'specification' | 'process' | 'startTime';

export interface ProxyLine extends OfProxy {
  kind: 'proxy';
  /** ISO 8601: when its container was started. */
  startedAt?: string;
  /** It has no address yet, and presents nothing to anybody. */
  unstarted?: true;
  /** Absent: not started, and it reads the bundle when it is. */
  anchors?: { at: string; from: AnchorsFrom; certificates: Fingerprint[] };
  /** Of the identity process beside it (Linkerd 2.9 and 2.10). */
  identityAnchors?: Fingerprint[];
  /** As presented, leaf first, and the name that the leaf has to have. Absent: not started. */
  chain?: { at: string; name: string; certificates: Fingerprint[] };
}

/** Nobody has spoken to it, by decision of a person. */
export interface WaivedLine extends OfProxy {
  kind: 'waived';
  /** Of the report, by its subject. */
  waiver: string;
  reason: string;
  /** As they say; who has sent it stands in the report. */
  by?: string;
}

/** It was listed, and could not be looked at. */
export interface UnseenLine extends OfProxy {
  kind: 'unseen';
  because: string;
}

export type LineOfProxy = ProxyLine | WaivedLine | UnseenLine;

/** `shop/Deployment/web, pod web-1`: as people look for it. */
export function nameOfProxy({ namespace, workload, pod }: Pick<OfProxy, 'namespace' | 'workload' | 'pod'>): string {
  return `${namespace}/${workload}, pod ${pod}`;
}

/** The certificates that a line refers to. */
export function referencesOf(line: EvidenceLine): Fingerprint[] {
  if (line.kind === 'rotation') return [line.root, ...line.retired, ...line.retiredIssuer];
  if (line.kind !== 'proxy') return [];
  return [...(line.anchors?.certificates ?? []), ...(line.identityAnchors ?? []), ...(line.chain?.certificates ?? [])];
}
