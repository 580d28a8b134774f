import { ApplicationFailure } from '@temporalio/activity';
import { readBundleState, untilCertain } from '../src/linkerd/proxies/bundle-change.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { readIssuer } from '../src/linkerd/identity/issuer.js';
import { changeAnchors, readAnchors } from '../src/linkerd/layouts/stores.js';
import { rehearseInjection } from '../src/linkerd/proxies/injection.js';
import { listMeshedPods } from '../src/linkerd/proxies/pods.js';
import { INJECTOR_DEPLOYMENT } from '../src/linkerd/names.js';
import { parseDuration } from '../src/ground/duration.js';
import type { Finding } from '../src/rotation/findings.js';
import { formatBundle } from '../src/pki/bundle.js';
import type { BundleWritten, PhaseInput, StepInput } from '../src/rotation/payloads.js';
import { type Dependencies, takeBearings } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { anchorsToRetire } from './generate.js';

/** trust: the bundle of every store gets the new root; nothing else in it changes. */
export async function addRootToBundle(dependencies: Dependencies, input: StepInput): Promise<BundleWritten> {
  const { linkerd, wanted } = await takeBearings(dependencies, input);
  const written = await changeAnchors(dependencies.k8s, linkerd, { add: wanted });
  await letStartsBeCertain(dependencies, linkerd);
  return { written, ...(await valueForHelm(dependencies, linkerd)) };
}

/**
 * retire: exactly the old root leaves the bundle of every store; foreign anchors stay. The point of no return.
 * Refused unless the new root is in the authoritative store, so that this alone can never empty the mesh's trust.
 */
export async function removeOldRootFromBundle(dependencies: Dependencies, input: StepInput): Promise<BundleWritten> {
  const { linkerd, root, target } = await takeBearings(dependencies, input);
  const [authoritative] = await readAnchors(dependencies.k8s, linkerd);
  const left = authoritative.certificates.filter(({ fingerprint }) => !target.retire.includes(fingerprint));
  if (!authoritative.certificates.some(({ fingerprint }) => fingerprint === root.fingerprint)) {
    throw ApplicationFailure.nonRetryable(
      `${authoritative.store} no longer has the new root: somebody else has written it`,
      'BundleReverted',
    );
  }
  const { certificates } = await readIssuer(dependencies.k8s, linkerd);
  if (anchorsToRetire(certificates, left).length === 0) {
    throw ApplicationFailure.nonRetryable(
      `the issuer in use (${certificates[0].commonName}) needs an anchor that would go: identity would not start again`,
      'IssuerNeedsOldRoot',
    );
  }
  const written = await changeAnchors(dependencies.k8s, linkerd, { remove: target.retire });
  await letStartsBeCertain(dependencies, linkerd);
  return { written, ...(await valueForHelm(dependencies, linkerd)) };
}

/** Where proxies are judged by the time of their start, nothing is restarted so soon that this would tell nothing. */
async function letStartsBeCertain({ k8s }: Dependencies, { namespace, layout, rules }: Linkerd): Promise<void> {
  if (!layout.judgedByStart || rules.environmentServed) return;
  const { changedAt } = await readBundleState(k8s, namespace);
  await pause(untilCertain(changedAt, new Date()));
}

/** Where Helm would render the bundle anew, the value it has to be given, so that it renders the same. */
async function valueForHelm({ k8s }: Dependencies, linkerd: Linkerd): Promise<Pick<BundleWritten, 'helm'>> {
  if (linkerd.installedBy !== 'helm') return {};
  const [{ certificates }] = await readAnchors(k8s, linkerd);
  return { helm: { value: linkerd.layout.helmValue, pem: formatBundle(certificates, { finalNewline: true }) } };
}

/** Dry runs that must agree, for each replica of the injector: requests are spread over them by chance. */
const DRY_RUNS_PER_REPLICA = 3;

/**
 * Waits until pods created now would come out with the phase's bundle, from every replica of the injector.
 * @returns findings when that does not happen in time; empty otherwise
 */
export async function awaitInjection(dependencies: Dependencies, input: PhaseInput): Promise<Finding[]> {
  const { k8s } = dependencies;
  const { linkerd, target } = await takeBearings(dependencies, input);
  const pods = await listMeshedPods(k8s, linkerd.namespace);
  const namespaces = rehearsalNamespaces(pods, linkerd.namespace);
  const until = Date.now() + (parseDuration(input.settings.rollout.stuckAfter) ?? 600_000);
  const pollMs = parseDuration(input.settings.timing.poll) ?? 2000;
  const wrong = (anchors: readonly string[]): string | undefined => {
    if (!anchors.includes(target.root)) return 'new pods would still be injected without the new root';
    if (input.phase === 'retire' && anchors.some((anchor) => target.retire.includes(anchor))) {
      return 'new pods would still be injected with the old root';
    }
    return undefined;
  };
  for (;;) {
    const injector = await k8s.apps.readNamespacedDeployment({
      name: INJECTOR_DEPLOYMENT,
      namespace: linkerd.namespace,
    });
    const tries = DRY_RUNS_PER_REPLICA * Math.max(1, injector.spec?.replicas ?? 1);
    let [problem, namespace]: [string | undefined, string] = [undefined, ''];
    for (let count = 0; count < tries && problem === undefined; count += 1) {
      const rehearsal = await rehearseInjection(k8s, namespaces);
      namespace = rehearsal.namespace;
      problem = 'anchors' in rehearsal ? wrong(rehearsal.anchors) : rehearsal.problem;
    }
    if (problem === undefined) return [];
    reportProgress({ phase: input.phase, waitingFor: [`injection rehearsal in ${namespace}: ${problem}`] });
    if (Date.now() > until) return [injectionFinding(namespace, problem)];
    await pause(pollMs);
  }
}

/** Namespaces in which a new pod would be meshed: those that have meshed pods. */
export function rehearsalNamespaces(pods: readonly { namespace: string }[], controlPlane: string): string[] {
  const meshed = [...new Set(pods.map(({ namespace }) => namespace))].filter((namespace) => namespace !== controlPlane);
  return meshed.length > 0 ? meshed : ['default'];
}

function injectionFinding(namespace: string, problem: string): Finding {
  return {
    reason: 'InjectionBroken',
    severity: 'block',
    message: `a dry run of a new meshed pod in namespace ${namespace} came back wrong: ${problem}`,
    subject: { kind: 'cluster', name: INJECTOR_DEPLOYMENT },
    hint: `look at the ${INJECTOR_DEPLOYMENT} pods and the webhook's certificate`,
  };
}
