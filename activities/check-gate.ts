import type { ProxyObservation } from '../src/ground/mesh.js';
import type { Workload } from '../src/kubernetes/workload.js';
import { listWorkloads } from '../src/kubernetes/workloads.js';
import { unasked } from '../src/linkerd/proxies/observe.js';
import { capped } from '../src/rotation/capped.js';
import { type Finding, isWaived } from '../src/rotation/findings.js';
import { injectionBroken, rehearsalNamespaces } from '../src/rotation/injection.js';
import { lostProxies, rotationOf } from '../src/rotation/lost-proxies.js';
import { phaseMark } from '../src/rotation/mark.js';
import type { CheckGateInput, GateResult, PhaseInput } from '../src/rotation/payloads.js';
import { staleTemplate } from '../src/rotation/rollout.js';
import { SHOWN_FINDINGS } from '../src/rotation/shares.js';
import { type GateQuestion, namespacesOf, scanGate } from './kit/gate-scan.js';
import { pause } from './kit/heartbeat.js';
import { heldMembers } from './kit/held-members.js';
import { withMark } from './kit/last-roll.js';
import { gatedPods } from './kit/proxies.js';
import { firstWrongRehearsal } from './kit/rehearsal.js';
import { reversions } from './kit/reversions.js';
import type { Dependencies } from './kit/dependencies.js';
import { isOvertaken, readPhase, type PhaseContext } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';
import { openingWaivers } from './kit/waivers.js';

/** Between two counts of the proxies that a workload has. */
const MISSING_MS = 5000;

/** A phase with the waivers that open its gate. */
type GateContext = PhaseContext & GateQuestion;

/** The phase lies behind: nothing is left to prove, and nothing is counted. */
export const OVERTAKEN: GateResult = {
  ...{ passed: true, proxies: 0, proven: 0, waived: 0 },
  ...{ namespaces: [], reverted: [], findings: [] },
};

/**
 * The gate of a phase over every live proxy of the cluster. Pods born later come out as the rehearsal does. Where several workers
 * have proven the proxies in shares, it looks at what is beside them.
 */
export async function checkGate(dependencies: Dependencies, input: CheckGateInput): Promise<GateResult> {
  const phase: GateContext = { ...(await readPhase(dependencies, input)), waivers: openingWaivers(input) };
  if (await isOvertaken(dependencies, phase)) return OVERTAKEN;
  const { result, observations } = input.shares
    ? { result: input.shares, observations: await listed(dependencies, phase) }
    : await scanGate(dependencies, phase, input.settings);
  if (!result.passed) return await withReversions(dependencies, phase, result);
  const { stuckAfter } = input.settings.rollout;
  const others = await besideProxies(dependencies, phase, { observations, stuckAfter });
  if (others.length === 0)
    return await withReversions(dependencies, phase, await withMembers(dependencies, input, { phase, result }));
  return await withReversions(dependencies, phase, {
    ...result,
    passed: false,
    ...namespacesOf(others, phase.linkerd.namespace),
    findings: capped(others, SHOWN_FINDINGS).shown,
  });
}

/** Who is there, without a word with them. */
async function listed({ k8s }: Dependencies, phase: GateContext): Promise<ProxyObservation[]> {
  return (await gatedPods(k8s, phase)).map(unasked);
}

/** When nothing else is missing, people are asked for what nobody else can know. */
async function withMembers(
  dependencies: Dependencies,
  input: PhaseInput,
  { phase, result }: { phase: GateContext; result: GateResult },
): Promise<GateResult> {
  const held = await heldMembers(dependencies, input, phase);
  if (held.length === 0) return result;
  const { shown } = capped(held, SHOWN_FINDINGS);
  return { ...result, passed: false, findings: shown, unconfirmed: shown };
}

interface Seen {
  observations: readonly ProxyObservation[];
  /** Milliseconds. */
  stuckAfter: number;
}

/**
 * What else a gate asks for, looked for when every proxy is right, so that it costs a list of each kind once a phase: that
 * templates are in step, that nobody came back without a proxy, and that new pods come out right.
 */
async function besideProxies(dependencies: Dependencies, phase: GateContext, seen: Seen): Promise<Finding[]> {
  if (!phase.row.gatesTemplates) return [];
  const workloads = await markedWorkloads(dependencies, phase);
  const stale = workloads.filter(({ edits }) => edits.length > 0).map(staleTemplate);
  const isForAll = phase.row.whose === 'everybody';
  const missing = isForAll ? await missingProxies(dependencies, phase, seen, workloads) : [];
  const found = [...stale, ...missing].filter(({ subject }) => !isWaived(subject, phase.waivers));
  if (found.length > 0 || !isForAll) return found;
  return await wrongRehearsal(dependencies, phase, seen.observations);
}

/** All of them, each with the mark of this phase, wherever others have left it. */
async function markedWorkloads({ k8s }: Dependencies, phase: PhaseContext): Promise<Workload[]> {
  const mark = phaseMark(phase.target.id, phase.row.phase);
  return (await listWorkloads(k8s, undefined, workloadReading(phase))).map((found) => withMark(found, mark));
}

/** A count of pods and one of proxies are never of the same moment: what is missing has to be missing twice. */
async function missingProxies(
  dependencies: Dependencies,
  phase: PhaseContext,
  { observations, stuckAfter }: Seen,
  workloads: readonly Workload[],
): Promise<Finding[]> {
  const rotation = rotationOf(phase.target.id);
  const once = lostProxies(workloads, observations, rotation);
  if (once.length === 0) return [];
  await pause(Math.min(MISSING_MS, stuckAfter));
  const pods = await gatedPods(dependencies.k8s, phase);
  const again = await markedWorkloads(dependencies, phase);
  const twice = new Set(lostProxies(again, pods, rotation).map(({ subject }) => subject.name));
  return once.filter(({ subject }) => twice.has(subject.name));
}

/** Where no dry run is taken, the newest pods are the evidence there is: each has just been proven. */
async function wrongRehearsal(
  dependencies: Dependencies,
  phase: PhaseContext,
  observations: readonly ProxyObservation[],
): Promise<Finding[]> {
  const namespaces = rehearsalNamespaces(observations, phase.linkerd.namespace);
  const wrong = await firstWrongRehearsal(dependencies, phase, namespaces);
  return wrong && 'problem' in wrong ? [injectionBroken(wrong.namespace, wrong.problem)] : [];
}

/** Verifies that what this rotation has written still stands. */
async function withReversions(
  dependencies: Dependencies,
  phase: PhaseContext,
  result: GateResult,
): Promise<GateResult> {
  const found = await reversions(dependencies, phase);
  return found.length === 0 ? result : { ...result, passed: false, reverted: capped(found, SHOWN_FINDINGS).shown };
}
