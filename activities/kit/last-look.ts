import type { ProxyObservation } from '../../src/ground/mesh.js';
import { workloadName } from '../../src/ground/mesh.js';
import { LONGEST_NAME, plain } from '../../src/ground/plain.js';
import { present } from '../../src/ground/present.js';
import { anchorsShortfall, chainShortfall, type Ended } from '../../src/evidence/judge.js';
import type { AnchorsFrom, LineOfProxy, ProxyLine } from '../../src/evidence/lines.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { withIdentity } from '../../src/linkerd/proxies/judged-pods.js';
import { listMeshedPods } from '../../src/linkerd/proxies/list-pods.js';
import { observeProxies, type Witness } from '../../src/linkerd/proxies/observe.js';
import type { MeshedPod } from '../../src/linkerd/proxies/pods.js';
import type { Certificate } from '../../src/pki/certificate.js';
import type { Waiver } from '../../src/rotation/findings.js';
import { isProxyWaived } from '../../src/rotation/gates.js';
import type { RotationSettings } from '../../src/rotation/input.js';
import type { Dependencies } from './dependencies.js';
import { pause, reportProgress } from './heartbeat.js';
import { keptCertificates, type KeptCertificates, type Shown } from './kept-certificates.js';

/** Milliseconds for all looks together: less than half of the activity's ten minutes, so that the rest of it has its time. */
const LONGEST_MS = 240_000;
/** Milliseconds that pods which are just starting are waited for. */
const STARTING_MS = 60_000;

/** The last look at a mesh, at everything that lives in it. */
export interface LastLook {
  /** One for each proxy of the last list that has an identity. */
  proxies: LineOfProxy[];
  certificates: KeptCertificates;
  /** Of those that were looked at: how many did not show what they have to. */
  short: number;
  /** Whose identity is switched off. */
  withoutIdentity: number;
  from: Date;
  to: Date;
}

/** What the look is about. */
export interface LastQuestion {
  linkerd: Linkerd;
  ended: Ended;
  /** What presented chains are tried with, each alone. */
  roots: readonly Certificate[];
  /** Certificates that are needed whoever shows them. */
  known: readonly Certificate[];
  /** Those for whom a gate of the end was opened: they are not spoken to. */
  waivers: readonly Waiver[];
  settings: Pick<RotationSettings, 'rollout' | 'timing'>;
}

/**
 * Looks at every live proxy once more, and keeps what it shows. One that does not show what it has to is asked again for as long as a
 * pod may take to start; pods that are born meanwhile are asked too, until a list has none.
 */
export async function lastLook(dependencies: Dependencies, question: LastQuestion): Promise<LastLook> {
  const { k8s } = dependencies;
  const { linkerd, waivers, settings } = question;
  const certificates = keptCertificates(question.known);
  const from = clusterNow(k8s);
  const end = Date.now() + LONGEST_MS;
  const patience = Date.now() + Math.min(settings.rollout.stuckAfter, STARTING_MS);
  const seen = new Map<string, Seen>();
  const isWaived = (pod: MeshedPod) => isProxyWaived({ ...pod, pod: pod.name }, waivers);
  for (;;) {
    const listed = await listMeshedPods(k8s, linkerd.namespace);
    const pods = withIdentity(listed);
    const asked = pods.filter((pod) => !isWaived(pod));
    const fresh = asked.filter((pod) => !isSameProcess(seen.get(pod.uid), pod));
    const again = asked.filter((pod) => !pod.terminating && seen.get(pod.uid)?.short !== undefined);
    const isOver = fresh.length === 0 && (again.length === 0 || Date.now() >= patience);
    if (isOver || Date.now() >= end) {
      const proxies = pods.map((pod) => lineOf(pod, { seen: seen.get(pod.uid), waivers }));
      const short = pods.filter(({ uid }) => isShort(seen.get(uid))).length;
      const withoutIdentity = listed.length - pods.length;
      return { proxies, certificates, short, withoutIdentity, ...spanOf(proxies, [from, clusterNow(k8s)]) };
    }
    if (again.length > 0) await pause(settings.timing.poll);
    const due = [...new Set([...fresh, ...again])];
    for (const one of await look(dependencies, question, { pods: due, certificates, end })) seen.set(one.uid, one);
    reportProgress({ evidence: seen.size, of: pods.length });
  }
}

/** What one proxy has shown. */
interface Seen {
  uid: string;
  startedAt: number | undefined;
  line: LineOfProxy;
  /** Why it is asked again. */
  short: string | undefined;
}

/** The clock that is gone by is that of the API server's answers, and may be set back a little meanwhile. */
function spanOf(lines: readonly LineOfProxy[], known: readonly Date[]): Pick<LastLook, 'from' | 'to'> {
  const seen = lines.flatMap((line) => (line.kind === 'proxy' ? [line.anchors, line.chain] : []));
  const times = [...known.map((date) => date.getTime()), ...seen.flatMap((one) => (one ? [Date.parse(one.at)] : []))];
  const least = (a: number, b: number) => Math.min(a, b);
  const most = (a: number, b: number) => Math.max(a, b);
  return { from: new Date(times.reduce(least)), to: new Date(times.reduce(most)) };
}

function isSameProcess(seen: Seen | undefined, { startedAt }: MeshedPod): boolean {
  return seen !== undefined && seen.startedAt === startedAt?.getTime();
}

/** It was looked at, and does not show what it has to. */
function isShort(seen: Seen | undefined): boolean {
  return seen?.line.kind === 'proxy' && seen.short !== undefined;
}

function shortfall({ anchors, identityAnchors, leaf, unstarted }: ProxyObservation, ended: Ended): string | undefined {
  const wrong = [anchors, identityAnchors].flatMap((held) => (held && anchorsShortfall(held, ended)) ?? []);
  if (wrong.length > 0 || !leaf) return wrong[0] ?? (unstarted ? undefined : 'it has presented nothing');
  return chainShortfall(leaf, ended);
}

/** What is heard while proxies are asked. */
interface Heard extends Pick<ProxyLine, 'anchors' | 'identityAnchors' | 'chain'> {
  unkept?: string | undefined;
}

interface Looking {
  pods: readonly MeshedPod[];
  certificates: KeptCertificates;
  end: number;
}

async function look(
  { k8s, prober }: Dependencies,
  { linkerd, ended, roots }: LastQuestion,
  { pods, certificates, end }: Looking,
): Promise<Seen[]> {
  const heard = new Map<string, Heard>();
  const now = () => clusterNow(k8s).toISOString();
  const witness = witnessOf(heard, certificates, now);
  const asked = new Map(pods.map((pod) => [pod.uid, pod]));
  const inTime = { ...prober, lookMs: end - Date.now() };
  const observations = await observeProxies(k8s, inTime, pods, { anchors: true, leaf: true, roots, linkerd, witness });
  return observations.flatMap((observation) => {
    const pod = asked.get(observation.uid);
    if (!pod) return [];
    const line = lineOfSeen(pod, observation, heard.get(pod.uid) ?? {});
    const short = line.kind === 'unseen' ? line.because : shortfall(observation, ended);
    return { uid: pod.uid, startedAt: pod.startedAt?.getTime(), line, short };
  });
}

function witnessOf(heard: Map<string, Heard>, certificates: KeptCertificates, now: () => string): Witness {
  const note = (pod: MeshedPod, shown: readonly Shown[], fields: Heard): void => {
    const before = heard.get(pod.uid);
    heard.set(pod.uid, { ...before, ...fields, unkept: certificates.add(shown) ?? before?.unkept });
  };
  return {
    anchors: (pod, anchors, from) =>
      note(
        pod,
        anchors,
        from === 'identity' ? { identityAnchors: prints(anchors) } : readAnchors(anchors, from, now()),
      ),
    chain: (pod, chain, at) =>
      note(pod, chain, {
        chain: {
          at: at.toISOString(),
          name: pod.identity ?? '',
          certificates: chain.map(({ fingerprint }) => fingerprint),
        },
      }),
  };
}

function readAnchors(anchors: readonly { fingerprint: string }[], from: AnchorsFrom, at: string): Heard {
  return { anchors: { at, from, certificates: prints(anchors) } };
}

function prints(certificates: readonly { fingerprint: string }[]): string[] {
  return certificates.map(({ fingerprint }) => fingerprint);
}

function lineOfSeen(pod: MeshedPod, observation: ProxyObservation, { unkept, ...shown }: Heard): LineOfProxy {
  const { problem, unstarted, startedBeforeBundle } = observation;
  const earlier = startedBeforeBundle ? 'it was started before the last change of the bundle' : undefined;
  const because = problem ?? earlier ?? unkept;
  if (because !== undefined) return { kind: 'unseen', ...whose(pod), because };
  return {
    kind: 'proxy',
    ...whose(pod),
    ...present({ startedAt: pod.startedAt?.toISOString() }),
    ...(unstarted ? { unstarted } : {}),
    ...shown,
  };
}

function lineOf(
  pod: MeshedPod,
  { seen, waivers }: { seen: Seen | undefined; waivers: readonly Waiver[] },
): LineOfProxy {
  const leaving = pod.terminating ? { terminating: true as const } : {};
  if (seen && isSameProcess(seen, pod)) return { ...seen.line, ...leaving };
  const waiver = waivers.find((one) => isProxyWaived({ ...pod, pod: pod.name }, [one]));
  if (!waiver) return { kind: 'unseen', ...whose(pod), because: 'there was no time left to look at it', ...leaving };
  const { subject, reason, claimedBy } = waiver;
  return { kind: 'waived', ...whose(pod), waiver: subject, reason, ...present({ by: claimedBy }), ...leaving };
}

function whose({ namespace, name, uid, workload, terminating }: MeshedPod) {
  return {
    namespace,
    workload: plain(workloadName(workload).slice(namespace.length + 1), LONGEST_NAME),
    pod: name,
    uid,
    ...(terminating ? { terminating: true as const } : {}),
  };
}
