import { formatFinding } from '../src/rotation/findings.js';
import type { GatedPhase } from '../src/rotation/phases.js';
import type { RenewalResult } from '../src/rotation/payloads.js';
import { phaseInput, type Rotation } from './rotation.js';
import { reinjectNamespace } from './waves.js';

/** The waits of the gentle strategies: durable, and without history for as long as they last. */

/** Waits for the proxies' own renewal of their leaves; one that misses its time is a straggler, and can be rolled alone. */
export async function waitForRenewal(rotation: Rotation, phase: GatedPhase): Promise<void> {
  const { operator, status, steps } = rotation;
  const result = await operator.waitForProxies(
    phase,
    {
      for: "the proxies' own renewal of their leaves",
      on: [],
      todo: 'Nothing to do. To be quicker, `reroot strategy --leaf-renewal roll` rolls what is left.',
    },
    steps.awaitProxies(() => ({ ...phaseInput(rotation, phase), knownLate: [] })),
  );
  // newer than the look before the wait
  if (result && status.gate) status.gate = { ...status.gate, proxies: result.proxies, proven: result.proven };
  if (!result || result.late.length === 0) return;
  status.stragglers = result.late;
  await askForTheLate(rotation, phase, result);
  status.stragglers = [];
}

async function askForTheLate(rotation: Rotation, phase: GatedPhase, { late }: RenewalResult): Promise<void> {
  const { operator, steps } = rotation;
  const asked = operator.retries();
  const knownLate = late.map(({ subject }) => subject.name);
  await operator.attention(
    {
      for: `${late.length} proxies that have missed their own renewal`,
      on: late.slice(0, 10).map(formatFinding),
      todo: '`retry` rolls their workloads and no others; or repair what keeps them, or `waive` them with a reason.',
    },
    async () => await steps.awaitProxies(() => ({ ...phaseInput(rotation, phase), knownLate })).keepTrying(),
  );
  if (operator.retries() === asked) return;
  const namespaces = new Set(knownLate.map((name) => name.split('/')[0] ?? ''));
  for (const namespace of namespaces) await reinjectNamespace(rotation, phase, namespace, { late: true });
}

/** Waits while pods are replaced by their owners' own deployments, until the deadline. */
export async function waitForReplacement(rotation: Rotation, phase: GatedPhase): Promise<void> {
  const { operator, input, status, steps } = rotation;
  status.organicUntil ??= new Date(Date.now() + input.settings.rollout.deadline).toISOString();
  const deadline = status.organicUntil;
  await operator.waitForProxies(
    phase,
    {
      for: `your own deployments to replace pods, until ${deadline}`,
      on: [],
      todo: 'Nothing to do: what is left then is rolled. To be quicker, `reroot strategy --pace forced`.',
    },
    steps.awaitProxies(() => ({ ...phaseInput(rotation, phase), knownLate: [], deadline })),
  );
}
