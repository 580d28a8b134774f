import { listMeshedPods } from '../src/linkerd/proxies/pods.js';
import { readAnchors } from '../src/linkerd/layouts/stores.js';
import type { StepInput } from '../src/rotation/payloads.js';
import type { Plan } from '../src/rotation/plan.js';
import { hashedPlan } from './kit/hashed-plan.js';
import type { Dependencies } from './kit/dependencies.js';
import { readRotation } from './kit/stored-rotation.js';

/** The plan as the cluster is now; approval asks for the hash of a fresh one. */
export async function makePlan({ k8s }: Dependencies, input: StepInput): Promise<Plan> {
  const { linkerd, target } = await readRotation({ k8s }, input);
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  const pods = await listMeshedPods(k8s, linkerd.namespace);
  const root = target.root.fingerprint;
  const retire = target.retired.map(({ fingerprint }) => fingerprint);
  const keep = certificates
    .map(({ fingerprint }) => fingerprint)
    .filter((fingerprint) => fingerprint !== root && !retire.includes(fingerprint));
  return hashedPlan(input, { ...linkerd, pods }, { retire, keep, target: root });
}
