import { CancellationScope, isCancellation, log, sleep } from '@temporalio/workflow';
import { bridgeCheckInterval } from '../src/rotation/bridge-life.js';
import { readInput, type RotationInput } from '../src/rotation/input.js';
import type { Phase } from '../src/rotation/phases.js';
import { type Plan, planDifference } from '../src/rotation/plan.js';
import type { RotationReport } from '../src/rotation/report.js';
import type { PlanResult } from '../src/rotation/payloads.js';
import { type IssuerState, issuerDuring } from '../src/rotation/strategies.js';
import { converge } from './converge.js';
import { inPhase } from './phase.js';
import { noteHelm, run, swapIssuer, validated } from './runbook.js';
import { causeOf, quickStep, step } from './steps.js';
import type { Rotation } from './waves.js';

/**
 * Replaces the identity trust root of a Linkerd mesh without a moment in which two proxies cannot talk.
 *
 * Each phase starts by looking at the cluster, so one that is already true costs a look, and a rotation that adopts
 * another's remains goes on where that one stopped. No phase is left before its gate is proven from the live proxies.
 * Around these: preflight (refuse what cannot end well), generate (the new root T and its issuer, in one Secret), and
 * finish (tidy up, report). What strategies differ in beside their order is in src/rotation/strategies.ts.
 *
 * @throws ApplicationFailure `InvalidInput`, `PreflightFailed`, `RotationAlreadyRunning`, `Aborted`
 */
export async function rotateTrustRoot(input?: RotationInput): Promise<RotationReport | PlanResult> {
  const settings = validated(readInput(input));
  return await run(settings, settings.strategy, async ({ rotation, roots }) => {
    if (settings.strategy !== 'bridge') return await standardOrPatient(rotation);
    const kept = keepBridge(rotation);
    try {
      await bridge(rotation, roots.pastPointOfNoReturn);
    } finally {
      kept.stop();
    }
  });
}

/**
 *   trust    bundle := bundle + T; roll everything              gate: every process trusts T
 *   issue    swap the issuer                                    gate: every identity replica issues under T
 *   renew    roll everything, or (patient) wait for renewals    gate: every proxy presents a leaf under T
 *   approve  the last exit before the point of no return
 *   retire   bundle := bundle - old root; roll everything       gate: no process trusts the old root
 */
async function standardOrPatient(rotation: Rotation): Promise<void> {
  const { status } = rotation;
  await inPhase(status, 'trust', async () => {
    await approveIfAsked(
      rotation,
      'trust',
      'The bundle gets the new root beside the old one, and everything is rolled.',
    );
    await addRoot(rotation);
    if (rotation.input.course.recovery) await identityFirst(rotation, 'new', 'issue');
    await converge(rotation, 'trust');
  });

  await inPhase(status, 'issue', async () => {
    await approveIfAsked(rotation, 'issue', 'The identity issuer is swapped for one under the new root.');
    await converge(rotation, 'trust'); // swap safety, right before the write
    await swapIssuer(rotation, 'new', 'issue');
    await converge(rotation, 'issue');
  });

  await inPhase(status, 'renew', async () => {
    await approveIfAsked(rotation, 'renew', 'Every proxy gets a leaf under the new root.');
    await converge(rotation, 'renew');
  });

  await inPhase(status, 'approve', async () => await approveRetiring(rotation));

  await inPhase(status, 'retire', async () => {
    await proveAgain(rotation);
    await removeOldRoot(rotation);
    await converge(rotation, 'retire');
  });
}

/**
 * The issuer key in use is certified a second time, under T: A' beside A. Every leaf carries both chains.
 *
 *   trust    bundle := bundle + T; nothing is restarted
 *   bridge   issuer Secret := [A, A']                           gate: identity hands out both
 *   renew    wait for renewals                                  gate: every proxy presents both
 *   approve  the last exit before the point of no return
 *   retire   Secret := [A', A], bundle := bundle - old root;    gate: no process trusts the old root
 *            roll everything, once
 *   issue    issuer Secret := a new key under T
 *   refresh  wait for renewals                                  gate: no proxy presents A or A'
 *
 * With `leafRenewal: roll` renew is a rollout after which every process trusts both roots: then issue comes before
 * approve, and the rollout of retire leaves nothing for refresh to wait for.
 */
async function bridge(rotation: Rotation, pastPointOfNoReturn: boolean): Promise<void> {
  const { status, input } = rotation;
  const rolled = input.course.leafRenewal === 'roll';
  const issue = async (): Promise<void> =>
    await inPhase(status, 'issue', async () => {
      await approveIfAsked(
        rotation,
        'issue',
        'The identity issuer is swapped for one with a new key under the new root.',
      );
      await swapIssuer(rotation, 'new', 'issue');
    });

  if (!pastPointOfNoReturn) {
    await inPhase(status, 'trust', async () => {
      await approveIfAsked(rotation, 'trust', 'The bundle gets the new root beside the old one; nothing is restarted.');
      await addRoot(rotation);
      if (input.course.recovery) await identityFirst(rotation, 'crossover', 'bridge');
      await converge(rotation, 'trust');
    });

    await inPhase(status, 'bridge', async () => {
      await approveIfAsked(rotation, 'bridge', 'Identity hands out the bridge certificate beside the issuer in use.');
      await swapIssuer(rotation, issuerDuring(input.course, 'bridge') ?? 'bridge', 'bridge');
    });

    await inPhase(status, 'renew', async () => await converge(rotation, 'renew'));

    if (rolled) await issue();

    await inPhase(status, 'approve', async () => await approveRetiring(rotation));
  }

  await inPhase(status, 'retire', async () => {
    if (!pastPointOfNoReturn) await proveAgain(rotation);
    status.pastPointOfNoReturn = true;
    // In this order an identity replica that starts in between finds a first certificate that its anchors verify. Those
    // not restarted yet skip the reload, as they must, and go on signing with both.
    const state = rolled ? 'new' : 'crossover';
    await rotation.operator.interruptible(async () => await step.writeIssuer({ ...input, state }));
    await removeOldRoot(rotation);
    await converge(rotation, 'retire');
  });

  if (!rolled) {
    await issue();
    await inPhase(status, 'refresh', async () => await converge(rotation, 'refresh'));
  }
}

/**
 * Under an expired root or issuer identity signs nothing, and dies when it is started: before anything is rolled it gets
 * an issuer that it accepts, and is restarted. Proxies get leaves again; who still has one is not harmed.
 */
async function identityFirst(rotation: Rotation, state: IssuerState, phase: 'bridge' | 'issue'): Promise<void> {
  await rotation.operator.interruptible(async () => await step.writeIssuer({ ...rotation.input, state }));
  await converge(rotation, phase);
}

async function addRoot({ status, operator, input }: Rotation): Promise<void> {
  noteHelm(status, await operator.interruptible(async () => await step.addRootToBundle(input)));
}

/** The point of no return. */
async function removeOldRoot({ status, operator, input }: Rotation): Promise<void> {
  status.pastPointOfNoReturn = true;
  noteHelm(status, await operator.interruptible(async () => await step.removeOldRootFromBundle(input)));
}

/** Prune safety: hours may have passed while somebody made up their mind. */
async function proveAgain(rotation: Rotation): Promise<void> {
  await converge(rotation, 'approve');
}

async function approveIfAsked(rotation: Rotation, phase: Phase, meaning: string): Promise<void> {
  if (rotation.input.settings.approvals === 'everyPhase') await approval(rotation, phase, meaning);
}

/** Asked again with the difference when the mesh is not the one that was approved. */
async function approveRetiring(rotation: Rotation): Promise<void> {
  if (rotation.input.settings.approvals === 'none') return;
  const meaning = 'After this the old root leaves the bundle: the point of no return.';
  let drift: string[] = [];
  do {
    const approved = await approval(rotation, 'retire', meaning, drift);
    await proveAgain(rotation);
    drift = planDifference(approved, await freshPlan(rotation));
  } while (drift.length > 0);
}

async function approval(rotation: Rotation, phase: Phase, meaning: string, drift: string[] = []): Promise<Plan> {
  const { operator, status } = rotation;
  const plan = await freshPlan(rotation);
  const { hash } = plan;
  const todo = `${meaning} Send \`approve\` with {"planHash": "${hash}"}, or \`reroot approve\`.`;
  status.approvals.push(await operator.approval(phase, hash, todo, drift));
  return plan;
}

async function freshPlan({ input, operator, status }: Rotation): Promise<Plan> {
  status.plan = await operator.interruptible(async () => await step.makePlan(input));
  return status.plan;
}

/** The bridge certificate is short-lived, a rotation may not be: it is made anew in time, whatever else is waited for. */
function keepBridge({ mesh, input, status }: Rotation): { stop(): void } {
  const scope = new CancellationScope({ cancellable: true });
  const keeping = scope.run(async () => {
    for (;;) {
      await sleep(bridgeCheckInterval(mesh.leafLifeMs), { summary: 'until the bridge certificate is looked at again' });
      try {
        status.bridgeNotAfter = (await quickStep.keepBridge(input)).notAfter;
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.warn('the bridge certificate could not be looked after; it is tried again', causeOf(error));
      }
    }
  });
  keeping.catch(() => undefined); // it ends with its cancellation
  return { stop: () => scope.cancel() };
}
