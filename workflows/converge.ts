import type { Row } from '../src/rotation/courses/course.js';
import { present } from '../src/ground/present.js';
import { blocking, type Finding, formatFinding } from '../src/rotation/findings.js';
import { addNote } from '../src/rotation/notes.js';
import type { GateResult, Share } from '../src/rotation/payloads.js';
import { mergeShares, sharesFor, WORTH_SHARING } from '../src/rotation/shares.js';
import { WAITS } from '../src/rotation/waits.js';
import { countWorkers, now, showDetails } from './in-phase.js';
import { phaseInput, type Rotation } from './rotation.js';
import { stepsOn, unlessItFails } from './steps.js';
import { waitForRenewal, waitForReplacement } from './wait-for-proxies.js';
import { rollControlPlane, rollNamespaces } from './waves.js';
import { awaitWindow, isClosed } from './window.js';
import { addTarget, dropRetired, writeIssuer } from './writes.js';

/**
 * Brings every live proxy to what the row's gate wants: look; wait for the proxies or roll them, as the row says; look
 * again. Until the gate passes.
 */
export async function converge(rotation: Rotation, row: Row): Promise<void> {
  const { operator, status } = rotation;
  status.namespaces = [];
  for (;;) {
    const gate = await look(rotation, row);
    if (gate.passed) break;
    if (gate.reverted.length > 0) await standStill(rotation, row, gate);
    else if (gate.unconfirmed) await askForMembers(rotation, row, gate.unconfirmed);
    else if (row.by === 'wait' && !operator.saidToRoll(row.phase)) await waitForRenewal(rotation, row.phase);
    else if (beginsToRoll(rotation, row, gate) && isClosed(rotation, row)) await awaitWindow(rotation, row);
    else if (await roll(rotation, row, gate)) break;
  }
  status.stragglers = [];
}

/**
 * Rolls the control plane in its order; makes sure that new pods come out right; rolls the namespaces, in waves.
 * @returns whether the gate passes afterwards
 */
async function roll(rotation: Rotation, row: Row, before: GateResult): Promise<boolean> {
  const { status } = rotation;
  let stuck = isControlPlaneStale(rotation, before) ? await rollControlPlane(rotation, row) : [];
  if (row.whose === 'everybody' && stuck.length === 0) stuck = await rollDataPlane(rotation, row, before);
  status.stragglers = stuck;
  const after = await look(rotation, row);
  const isFirstPart = (before.namespacesOmitted ?? 0) > 0 && stuck.length === 0; // the next look has the other namespaces
  if (isStuck(after) && !isFirstPart) await askForHelp(rotation, row, after, stuck);
  return after.passed;
}

function isControlPlaneStale({ input }: Rotation, { namespaces }: GateResult): boolean {
  return namespaces.some(({ name }) => name === input.linkerdNamespace);
}

function isOrganic({ input }: Rotation, row: Row): boolean {
  return row.organic === true && input.settings.rollout.pace === 'organic';
}

/** A rollout is what comes next: the owners' own deployments need no window. */
function beginsToRoll(rotation: Rotation, row: Row, gate: GateResult): boolean {
  return !isOrganic(rotation, row) || isControlPlaneStale(rotation, gate);
}

/** Nothing that the next look answers by itself: what was put back, or a word that only a person can say. */
function isStuck({ passed, reverted, unconfirmed }: GateResult): boolean {
  return !passed && reverted.length === 0 && !unconfirmed;
}

async function rollDataPlane(rotation: Rotation, row: Row, before: GateResult): Promise<Finding[]> {
  const found = await rotation.steps.awaitInjection(phaseInput(rotation, row.phase));
  const broken = blocking(found);
  if (broken.length > 0) return broken;
  const which = found.length > 0 ? { proveFirst: true } : {};
  let left = isOrganic(rotation, row) || isClosed(rotation, row) ? await awaitTurn(rotation, row) : before;
  while (left.reverted.length === 0) {
    const stuck = await rollNamespaces(rotation, row, left, which);
    if (stuck !== 'closed') return stuck;
    left = await awaitTurn(rotation, row);
  }
  return [];
}

/** Waits for what comes before a forced rollout: the owners' own deployments, and a window. @returns what is left to roll */
async function awaitTurn(rotation: Rotation, row: Row): Promise<GateResult> {
  if (isOrganic(rotation, row)) await waitForReplacement(rotation, row.phase);
  await awaitWindow(rotation, row);
  return await look(rotation, row);
}

/** The gate, looked at now. */
async function look(rotation: Rotation, row: Row): Promise<GateResult> {
  const { steps, status } = rotation;
  const { phase } = row;
  const shares = await inShares(rotation, row);
  const gate = await steps.checkGate({ ...phaseInput(rotation, phase), ...present({ shares }) });
  status.gate = { ...gate, phase, at: now() };
  showDetails(status);
  return gate;
}

/** A large mesh is proven by all workers of its cluster together, each a share of it; undefined: there is one, or it is not large. */
async function inShares(rotation: Rotation, { phase, whose }: Row): Promise<GateResult | undefined> {
  const { steps, status, input } = rotation;
  const proxies = Math.max(status.plan?.proxies ?? 0, status.gate?.proxies ?? 0); // a gate may be about identity alone
  if (whose !== 'everybody' || proxies < WORTH_SHARING) return undefined;
  const workers = await countWorkers(status.cluster);
  if (workers < 2) return undefined;
  const prove = async (share: Share) => await steps.proveShare({ ...phaseInput(rotation, phase), share });
  const proofs = await Promise.allSettled(sharesFor(workers).map(prove));
  // an abort leaves every share; its way back begins when the last has ended what it was doing
  for (const proof of proofs) if (proof.status === 'rejected') throw proof.reason;
  const proven = proofs.flatMap((proof) => (proof.status === 'fulfilled' ? [proof.value] : []));
  return mergeShares(proven, input.linkerdNamespace);
}

/** Somebody put back what this rotation has written: wait until they are stopped, then write it again, in its order. */
async function standStill(rotation: Rotation, row: Row, gate: GateResult): Promise<void> {
  const { operator, status } = rotation;
  const others = gate.reverted.filter(({ reason }) => reason === 'Reverted'); // what reroot itself wrote is nobody's fault
  for (const finding of gate.reverted.filter(({ reason }) => reason === 'Renewed'))
    addNote(status.notes, `${finding.subject.name}: ${finding.message}.`);
  if (others.length > 0) await operator.hold('another writer reverts the rotation', others.map(formatFinding));
  await addTarget(rotation);
  if (row.issuer !== undefined) await writeIssuer(rotation, { state: row.issuer, keepLater: true });
  if (row.retired) await dropRetired(rotation);
  delete status.proxiesWait; // leaves of before this are not expected to fit
}

/** Whom nobody but a person can look at. */
async function askForMembers(rotation: Rotation, { phase }: Row, unconfirmed: readonly Finding[]): Promise<void> {
  const { awaitChange } = stepsOn(rotation.status.cluster).watch;
  const { for: what, todo } = WAITS.members;
  await rotation.operator.attention(
    {
      for: what,
      on: unconfirmed.slice(0, 10).map(formatFinding),
      todo: `${todo} For example: \`reroot waive ${unconfirmed[0]?.subject.name} --gate ${phase} --reason …\`.`,
    },
    async () => await unlessItFails(async () => await awaitChange({ ...phaseInput(rotation, phase), of: 'members' })),
  );
}

async function askForHelp(rotation: Rotation, { phase }: Row, gate: GateResult, stuck: Finding[]): Promise<void> {
  const { awaitChange } = stepsOn(rotation.status.cluster).watch;
  const findings = stuck.length > 0 ? stuck : gate.findings;
  await rotation.operator.attention(
    {
      for: `${gate.proxies - gate.proven} proxies that do not meet the gate of ${phase}`,
      on: findings.slice(0, 10).map(formatFinding),
      todo: `${WAITS.gate.todo} To let its proxies pass this gate all the same: \`reroot waive … --gate ${phase}\`.`,
    },
    async () => await unlessItFails(async () => await awaitChange(phaseInput(rotation, phase))),
  );
}
