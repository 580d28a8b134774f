import { setCurrentDetails } from '@temporalio/workflow';
import { type Finding, formatFinding } from '../src/rotation/findings.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import { statusMarkdown } from '../src/rotation/status.js';
import type { GateResult } from '../src/rotation/payloads.js';
import { concernsIdentityAlone, goalOf, isRetired, issuerDuring, waitsForRenewal } from '../src/rotation/strategies.js';
import { longStep, step } from './steps.js';
import { awaitRenewal, awaitReplacement } from './wait.js';
import { phaseInput, rollControlPlane, rollNamespaces, type Rotation } from './waves.js';

/**
 * Brings every live proxy to what the phase requires: look; wait for the proxies or roll them, as the strategy says;
 * look again. Until the gate passes.
 */
export async function converge(rotation: Rotation, phase: GatedPhase): Promise<void> {
  const { operator, status, input } = rotation;
  status.namespaces = [];
  for (;;) {
    const gate = await look(rotation, phase);
    if (gate.passed) break;
    if (gate.reverted.length > 0) await standStill(rotation, phase, gate);
    else if (waitsForRenewal(input.course, phase) && !operator.isHurried(phase)) await awaitRenewal(rotation, phase);
    else if (await roll(rotation, phase, gate)) break;
  }
  status.stragglers = [];
}

/** Rolls the control plane in its order; makes sure that new pods come out right; rolls the namespaces, in waves.
 *  @returns whether the gate passes afterwards */
async function roll(rotation: Rotation, phase: GatedPhase, before: GateResult): Promise<boolean> {
  const { operator, status, input } = rotation;
  const stuck: Finding[] = [];
  if (before.namespaces.some(({ name }) => name === input.linkerdNamespace)) {
    stuck.push(...(await rollControlPlane(rotation, phase)));
  }
  if (!concernsIdentityAlone(phase, goalOf(input.course, phase))) {
    if (stuck.length === 0)
      stuck.push(
        ...(await operator.interruptible(async () => await longStep.awaitInjection(phaseInput(rotation, phase)))),
      );
    let gate = before;
    if (stuck.length === 0 && isOrganic(rotation, phase)) {
      await awaitReplacement(rotation, phase);
      gate = await look(rotation, phase);
    }
    if (stuck.length === 0) stuck.push(...(await rollNamespaces(rotation, phase, gate)));
  }
  status.stragglers = stuck;
  const after = await look(rotation, phase);
  if (!after.passed && after.reverted.length === 0) await askForHelp(rotation, phase, after, stuck);
  return after.passed;
}

function isOrganic({ input }: Rotation, phase: GatedPhase): boolean {
  const { pace } = input.settings.rollout;
  return pace === 'organic' && phase === 'retire' && input.course.direction === 'forward';
}

/** The gate, looked at now. */
async function look(rotation: Rotation, phase: GatedPhase): Promise<GateResult> {
  const { operator, status } = rotation;
  const gate = await operator.interruptible(async () => await step.checkGate(phaseInput(rotation, phase)));
  status.gate = { ...gate, phase, at: new Date().toISOString() };
  setCurrentDetails(statusMarkdown(status));
  return gate;
}

/** Somebody put back what this rotation has written: wait until they are stopped, then write it again, in its order. */
async function standStill({ input, operator }: Rotation, phase: GatedPhase, gate: GateResult): Promise<void> {
  await operator.hold('another writer reverts the rotation', gate.reverted.map(formatFinding));
  await operator.interruptible(async () => {
    await step.addRootToBundle(input);
    const state = issuerDuring(input.course, phase);
    if (state !== undefined) await step.writeIssuer({ ...input, state });
    if (isRetired(input.course, phase)) await step.removeOldRootFromBundle(input);
  });
}

async function askForHelp(rotation: Rotation, phase: GatedPhase, gate: GateResult, stuck: Finding[]): Promise<void> {
  const findings = stuck.length > 0 ? stuck : gate.findings;
  await rotation.operator.attention(
    {
      for: `${gate.proxies - gate.proven} proxies that do not meet the gate of ${phase}`,
      on: findings.slice(0, 10).map(formatFinding),
      todo: 'Repair what is named (the rotation notices by itself), `retry`, or `waive` it with a reason.',
    },
    async () => await longStep.awaitChange(phaseInput(rotation, phase)),
  );
}
