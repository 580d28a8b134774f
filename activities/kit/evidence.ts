import { activityInfo, log } from '@temporalio/activity';
import { plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import { StateError } from '../../src/ground/state-error.js';
import { FORMAT, type BeginningLine } from '../../src/evidence/lines.js';
import { inOrder, pack, TooMuchEvidence, writtenLines } from '../../src/evidence/pack.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { emptyEvidence, writeEvidence } from '../../src/records/evidence.js';
import { EVIDENCE_CONFIGMAPS } from '../../src/records/names.js';
import { readReport } from '../../src/records/report.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import { targetOf } from '../../src/records/target.js';
import { courseOf } from '../../src/rotation/courses/index.js';
import { opening, type Waiver, withoutControlPlane } from '../../src/rotation/findings.js';
import type { Gate } from '../../src/rotation/gates.js';
import type { StepInput } from '../../src/rotation/payloads.js';
import type { Evidence, EvidenceIndex, RotationReport } from '../../src/rotation/report.js';
import type { Dependencies } from './dependencies.js';
import { cancellation, withoutKeys } from './heartbeat.js';
import { type LastLook, lastLook } from './last-look.js';

/** Tries of the activity in which a server that is away is waited for; then the rotation ends without evidence. */
const TRIES = 3;
/** Characters of why there is no evidence. */
const LONGEST_REASON = 600;

export interface EvidenceOf {
  linkerd: Linkerd;
  /** Absent: an earlier try of this step has emptied it, and written the report. */
  rotation: RotationSecret | undefined;
  report: RotationReport;
}

/**
 * Looks at every proxy once more, and leaves what they show in the cluster, beside the report that is to be written. No rotation fails
 * to end for want of it: what cannot be had is said.
 */
export async function keepEvidence(
  dependencies: Dependencies,
  input: StepInput,
  { linkerd, rotation, report }: EvidenceOf,
): Promise<Evidence> {
  try {
    if (!rotation) return await saidOfEvidence(dependencies.k8s, linkerd.namespace, report);
    const look = await lookedAt(dependencies, input, { linkerd, rotation, report });
    return await stored(dependencies.k8s, linkerd.namespace, look);
  } catch (error) {
    if (cancellation()?.aborted) throw error;
    if (isKubernetesError(error) && error.transient && activityInfo().attempt <= TRIES) throw error;
    log.warn('there is no evidence beside the report', { error });
    return { missing: reasonOf(error) };
  }
}

/** Those of an earlier report: a reader of the new one is not led to them, so that they are there is no harm. */
export async function dropEarlierEvidence(k8s: Kubernetes, namespace: string, evidence: Evidence): Promise<void> {
  try {
    await emptyEvidence(k8s, namespace, 'missing' in evidence ? 0 : evidence.chunks.length);
  } catch (error) {
    if (cancellation()?.aborted) throw error;
    log.warn('evidence of an earlier rotation could not be emptied', { error });
  }
}

async function saidOfEvidence(k8s: Kubernetes, namespace: string, { runId }: RotationReport): Promise<Evidence> {
  const said = (await readReport(k8s, namespace)) as Partial<RotationReport>;
  const gone = 'the certificates of the rotation were gone from its Secret before the last look';
  return (said.runId === runId ? said.evidence : undefined) ?? { missing: gone };
}

interface Looked {
  look: LastLook;
  beginning: BeginningLine;
}

async function lookedAt(
  dependencies: Dependencies,
  input: StepInput,
  { linkerd, rotation, report }: EvidenceOf & { rotation: RotationSecret },
): Promise<Looked> {
  const { outcome } = report;
  const target = targetOf(rotation, outcome === 'completed' ? 'forward' : 'back');
  const ended = {
    ...{ outcome, root: target.root.fingerprint },
    retired: target.retired.map(({ fingerprint }) => fingerprint),
    retiredIssuer: target.retiredIssuer.certificates,
  };
  const roots = [...rotation.previous.roots, rotation.root];
  const [{ certificates: bundle }] = await readAnchors(dependencies.k8s, linkerd);
  const issuers = [rotation.previous.issuer, rotation.issuer, rotation.bridge].flatMap((one) => one ?? []);
  const look = await lastLook(dependencies, {
    ...{ linkerd, ended, roots, known: [...roots, ...bundle, ...issuers], settings: input.settings },
    waivers: openedAtTheEnd(input, linkerd, report),
  });
  const { cluster, workflowId, runId } = report;
  const beginning: BeginningLine = {
    ...{ kind: 'rotation', format: FORMAT, cluster, workflowId, runId, linkerdNamespace: linkerd.namespace },
    ...present({ clusterUid: input.clusterUid }),
    ...{ from: look.from.toISOString(), to: look.to.toISOString(), ...ended },
    listed: countedByNamespace(look),
    withoutIdentity: look.withoutIdentity,
  };
  return { look, beginning };
}

/** Gates that prove what has to be true at the end. */
const LAST_GATES: readonly Gate[] = ['forgotRetired', 'forgotRetiredRootAndIssuer', 'leftRetiredIssuer'];

/** The waivers that stand for evidence: those that opened a gate which proved what has to be true at the end. */
function openedAtTheEnd(
  { course: { recovery, ...course } }: StepInput,
  { namespace }: Linkerd,
  { outcome, waivers }: RotationReport,
): Waiver[] {
  const direction = outcome === 'completed' ? 'forward' : 'back';
  const ref = { ...course, ...(direction === 'forward' && recovery ? { recovery } : {}), direction } as const;
  const rows = courseOf(ref).rows.filter(({ gate }) => LAST_GATES.includes(gate));
  const opened = rows.flatMap(({ phase }) => opening(waivers, { phase, direction }));
  return withoutControlPlane([...new Set(opened)], namespace);
}

function countedByNamespace({ proxies }: LastLook): BeginningLine['listed'] {
  const counts = new Map<string, number>();
  for (const { namespace } of proxies) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return [...counts]
    .map(([namespace, count]) => ({ namespace, proxies: count }))
    .toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
}

async function stored(k8s: Kubernetes, namespace: string, { look, beginning }: Looked): Promise<EvidenceIndex> {
  const { proxies, certificates, short } = look;
  const count = (kind: string) => proxies.filter((line) => line.kind === kind).length;
  let many = 0;
  const der = (fingerprint: string) => {
    const bytes = certificates.der(fingerprint);
    if (bytes) many += 1; // each is asked for once where it is there
    return bytes;
  };
  const { texts, index } = pack(writtenLines([beginning, ...inOrder(proxies)], der), EVIDENCE_CONFIGMAPS.length);
  await writeEvidence(k8s, namespace, texts);
  return {
    ...index,
    ...{ at: beginning.to, proxies: count('proxy'), waived: count('waived'), unseen: count('unseen') },
    leaving: proxies.filter(({ kind, terminating }) => kind === 'unseen' && terminating).length,
    ...{ short, certificates: many },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof TooMuchEvidence) {
    return (
      `${error.message}, and there are ${EVIDENCE_CONFIGMAPS.length}. The rotation was proven all the same; to have evidence of ` +
      'each proxy of a mesh of this size, see docs/operate.md, "The report"'
    );
  }
  if (error instanceof StateError) return plain(`${error.message} (${error.hint})`, LONGEST_REASON);
  const message = error instanceof Error ? error.message : String(error);
  return plain(isKubernetesError(error) ? message : withoutKeys(message), LONGEST_REASON);
}
