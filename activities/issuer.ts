import { changeIssuerCopies } from '../src/linkerd/stores.js';
import { issuerEventsSince } from '../src/linkerd/identity-events.js';
import { readIssuer, type StoredIssuer, writeIssuer } from '../src/linkerd/issuer.js';
import { FIELD_MANAGER, ISSUER_SECRET, ROTATION_SECRET } from '../src/linkerd/names.js';
import { type RotationSecret, SECRET_KEYS } from '../src/linkerd/rotation-secret.js';
import { encode } from '../src/linkerd/fields.js';
import type { Kubernetes } from '../src/kubernetes/client.js';
import { pointer, unchanged, withFreshRead } from '../src/kubernetes/patch.js';
import { parseDuration } from '../src/rotation/duration.js';
import type { AwaitIssuerResult, PhaseInput, StepInput, SwapResult } from '../src/rotation/steps.js';
import { type Dependencies, takeBearings } from './dependencies.js';
import { pause, reportProgress } from './envelope.js';
import { checkGate } from './gate.js';

/**
 * issue: the issuer Secret gets the new issuer, after the one in use has been put aside for an abort, and the copies
 * that `linkerd upgrade` renders from get it too.
 */
export async function swapIssuer(dependencies: Dependencies, input: StepInput): Promise<SwapResult> {
  const { k8s } = dependencies;
  return await withFreshRead(async () => {
    const { linkerd, rotation } = await takeBearings(dependencies, input);
    const next = { certificatePem: rotation.issuerPem, keyPem: rotation.issuerKeyPem };
    const current = await readIssuer(k8s, linkerd);
    const written: string[] = [];
    if (current.certificates[0].fingerprint !== rotation.issuer.fingerprint) {
      await keepPreviousIssuer(k8s, linkerd.namespace, rotation, current);
      await writeIssuer(k8s, linkerd, current, next);
      written.push(`Secret ${ISSUER_SECRET}`);
    }
    written.push(...(await changeIssuerCopies(k8s, linkerd, next.certificatePem, next.keyPem)));
    return { swappedAt: swapTime((await readIssuer(k8s, linkerd)).secret), written };
  });
}

async function keepPreviousIssuer(
  k8s: Kubernetes,
  namespace: string,
  rotation: RotationSecret,
  current: StoredIssuer,
): Promise<void> {
  if (rotation.secret.data?.[SECRET_KEYS.previousIssuer]) return;
  await k8s.core.patchNamespacedSecret({
    name: ROTATION_SECRET,
    namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(rotation.secret.metadata),
      { op: 'add', path: pointer('data', SECRET_KEYS.previousIssuer), value: encode(current.certificatePem) },
      { op: 'add', path: pointer('data', SECRET_KEYS.previousIssuerKey), value: encode(current.keyPem) },
    ],
  });
}

/** When reroot last wrote the Secret, by the API server's clock. */
function swapTime(secret: StoredIssuer['secret']): string {
  const own = secret.metadata?.managedFields?.filter(({ manager }) => manager === FIELD_MANAGER) ?? [];
  const times = own.map(({ time }) => (time ? new Date(time).getTime() : 0));
  return new Date(times.length > 0 ? Math.max(...times) : Date.now()).toISOString();
}

/**
 * Waits for the identity controller to say that it took the new issuer. Its event is a hint that saves time; what
 * counts is the gate afterwards, so silence and refusal end the wait too, each with what it means.
 */
export async function awaitIssuer(
  dependencies: Dependencies,
  input: PhaseInput & { swappedAt: string },
): Promise<AwaitIssuerResult> {
  const { linkerd } = await takeBearings(dependencies, input);
  const since = new Date(input.swappedAt);
  const patience = parseDuration(input.settings.timing.issuerEvent) ?? 180_000;
  const pollMs = parseDuration(input.settings.timing.poll) ?? 2000;
  const replicas = linkerd.identityReplicas;
  const started = Date.now();
  for (;;) {
    const events = await issuerEventsSince(dependencies.k8s, linkerd.namespace, since);
    const skipped = events.find(({ reason }) => reason === 'IssuerUpdateSkipped');
    if (skipped) {
      return {
        outcome: 'skipped',
        message: `${skipped.message}. A replica was started before the bundle had the new root: it is restarted`,
      };
    }
    const updated = events.filter(({ reason }) => reason === 'IssuerUpdated').length;
    if (updated >= replicas)
      return { outcome: 'updated', message: `IssuerUpdated from ${updated} of ${replicas} replicas` };
    if ((await checkGate(dependencies, { ...input, phase: 'issue' })).passed) {
      return { outcome: 'alreadyIssuing', message: 'every identity replica already issues under the new root' };
    }
    if (Date.now() - started > patience) {
      return {
        outcome: 'silent',
        message: `no IssuerUpdated event from ${replicas - updated} of ${replicas} replicas (linkerd2#15109): identity is restarted`,
      };
    }
    reportProgress({
      phase: 'issue',
      waitingFor: [`IssuerUpdated events of linkerd-identity: ${updated} of ${replicas}`],
    });
    await pause(pollMs);
  }
}
