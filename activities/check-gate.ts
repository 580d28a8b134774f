import type { ProxyObservation } from '../src/ground/mesh.js';
import { listWorkloads } from '../src/kubernetes/workloads.js';
import type { MeshedPod } from '../src/linkerd/proxies/pods.js';
import { type Finding, isWaived } from '../src/rotation/findings.js';
import { identityAbsent, proxyGate } from '../src/rotation/gates.js';
import type { GateResult, PhaseInput } from '../src/rotation/payloads.js';
import { staleTemplate } from '../src/rotation/rollout.js';
import { reportProgress } from './kit/heartbeat.js';
import { gatedPods, probe } from './kit/proxies.js';
import { reversions } from './kit/reversions.js';
import type { Dependencies } from './kit/dependencies.js';
import { isOvertaken, readPhase, type PhaseContext } from './kit/stored-rotation.js';
import { workloadReading } from './kit/templates.js';

/** Findings that travel in a result; the counts cover all. */
const SHOWN_FINDINGS = 20;
/** New pods are re-proved; a mesh whose pods change faster than they can be looked at is not given a pass. */
const MOST_SCANS = 10;

/** The phase lies behind: nothing is left to prove, and nothing is counted. */
const OVERTAKEN: GateResult = {
  ...{ passed: true, proxies: 0, proven: 0, waived: 0 },
  ...{ namespaces: [], reverted: [], findings: [] },
};

/**
 * The gate of a phase over every live proxy of the cluster. It must hold for each pod of a list and then of a second
 * list: pods born in between are proven too, so none slips through.
 */
export async function checkGate(dependencies: Dependencies, input: PhaseInput): Promise<GateResult> {
  const phase = await readPhase(dependencies, input);
  if (await isOvertaken(dependencies, phase)) return OVERTAKEN;
  const proven = new Map<string, ProxyObservation>();
  for (let scan = 1; ; scan += 1) {
    const pods = await gatedPods(dependencies.k8s, phase);
    const fresh = pods.filter(({ uid }) => !proven.has(uid));
    const observations = await probe(dependencies, phase, fresh);
    const result = judge([...kept(proven, pods), ...observations], phase, input);
    reportProgress({ phase: input.phase, scan, proxies: result.proxies, proven: result.proven });
    if (!result.passed) return await withReversions(dependencies, phase, result);
    const settled = scan > 1 && fresh.length === 0;
    if (settled || scan >= MOST_SCANS) {
      const templates = await staleTemplates(dependencies, phase, input);
      return await withReversions(dependencies, phase, {
        ...result,
        passed: settled && templates.length === 0,
        namespaces: countByNamespace(templates),
        findings: templates.slice(0, SHOWN_FINDINGS),
      });
    }
    for (const observation of observations) proven.set(observation.uid, observation);
  }
}

function kept(proven: Map<string, ProxyObservation>, pods: readonly MeshedPod[]): ProxyObservation[] {
  return pods.map(({ uid }) => proven.get(uid)).filter((observation) => observation !== undefined);
}

function judge(
  observations: ProxyObservation[],
  { target, requirement, row }: PhaseContext,
  { waivers }: PhaseInput,
): GateResult {
  const absent = row.whose === 'identity' && observations.length === 0 ? [identityAbsent()] : [];
  const all = proxyGate(observations, target, requirement, []);
  const findings = [...absent, ...proxyGate(observations, target, requirement, waivers)];
  return {
    passed: findings.length === 0,
    proxies: observations.length,
    proven: observations.length - all.length,
    waived: all.length + absent.length - findings.length,
    namespaces: countByNamespace(findings),
    reverted: [],
    findings: findings.slice(0, SHOWN_FINDINGS),
  };
}

function countByNamespace(findings: readonly Finding[]): GateResult['namespaces'] {
  const outdated = new Map<string, number>();
  for (const { subject } of findings) {
    const namespace = subject.name.split('/')[0] ?? '';
    outdated.set(namespace, (outdated.get(namespace) ?? 0) + 1);
  }
  return [...outdated].map(([name, count]) => ({ name, outdated: count }));
}

/** Looked for when every proxy is right, so that it costs a list of each kind once a phase. */
async function staleTemplates({ k8s }: Dependencies, phase: PhaseContext, { waivers }: PhaseInput): Promise<Finding[]> {
  if (!phase.row.gatesTemplates) return [];
  const workloads = await listWorkloads(k8s, undefined, workloadReading(phase));
  return workloads
    .filter(({ edits }) => edits.length > 0)
    .map(staleTemplate)
    .filter(({ subject }) => !isWaived(subject, waivers));
}

/** Verifies that what this rotation has written still stands. */
async function withReversions(
  dependencies: Dependencies,
  phase: PhaseContext,
  result: GateResult,
): Promise<GateResult> {
  const found = await reversions(dependencies, phase);
  return found.length === 0 ? result : { ...result, passed: false, reverted: found };
}
