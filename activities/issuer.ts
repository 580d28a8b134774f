import { ApplicationFailure } from '@temporalio/activity';
import type { Kubernetes } from '../src/kubernetes/client.js';
import type { Linkerd } from '../src/linkerd/detect.js';
import { changeIssuerCopies, readAnchors } from '../src/linkerd/layouts/stores.js';
import { issuerEventsSince } from '../src/linkerd/identity/events.js';
import { readIssuer, replaceIssuer, type StoredIssuer } from '../src/linkerd/identity/issuer.js';
import { FIELD_MANAGER } from '../src/kubernetes/own-names.js';
import { ISSUER_SECRET } from '../src/linkerd/names.js';
import { ROTATION_SECRET } from '../src/records/names.js';
import { type RotationSecret, SECRET_KEYS } from '../src/records/rotation-secret.js';
import { encode } from '../src/kubernetes/base64.js';
import { pointer, unchanged, withFreshRead } from '../src/kubernetes/patch.js';
import { readBundle } from '../src/pki/bundle.js';
import { createBridge } from '../src/pki/issue.js';
import { parseKey } from '../src/pki/key.js';
import { bridgeEndsSoon, bridgeLife } from '../src/rotation/bridge-life.js';
import { parseDuration } from '../src/ground/duration.js';
import type {
  AwaitIssuerResult,
  IssuerStateInput,
  PhaseInput,
  StepInput,
  SwapResult,
} from '../src/rotation/payloads.js';
import type { IssuerState } from '../src/rotation/strategies.js';
import { type Bearings, type Dependencies, takeBearings } from './kit/dependencies.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import { checkGate } from './gate.js';
import { anchorsToRetire } from './generate.js';
import { isSameIssuer, issuerIn, issuerStateOf } from './kit/issuer-states.js';

/**
 * Brings the issuer Secret to a state, and the copies that `linkerd upgrade` renders from with it. The issuer in use at
 * the start stays in the rotation's Secret for an abort.
 */
export async function writeIssuer(dependencies: Dependencies, input: IssuerStateInput): Promise<SwapResult> {
  if (input.state === 'bridge' || input.state === 'crossover') await withBridge(dependencies, input);
  return await bringIssuerTo(dependencies, input, () => input.state);
}

/** While a rotation takes its time: the bridge certificate anew where it would end, in the issuer Secret too. */
export async function keepBridge(dependencies: Dependencies, input: StepInput): Promise<{ notAfter: string }> {
  const { rotation } = await withBridge(dependencies, input);
  // the rotation goes on meanwhile: what it has written, in whatever order, is kept
  await bringIssuerTo(dependencies, input, (found) =>
    found === 'bridge' || found === 'crossover' ? found : undefined,
  );
  return { notAfter: rotation.bridge?.notAfter.toISOString() ?? '' };
}

/** @param wanted decides from what the Secret holds at the very read that the write depends on; undefined leaves it */
async function bringIssuerTo(
  dependencies: Dependencies,
  input: StepInput,
  wanted: (found: IssuerState | undefined) => IssuerState | undefined,
): Promise<SwapResult> {
  const { k8s } = dependencies;
  return await withFreshRead(async () => {
    const { linkerd, rotation } = await takeBearings(dependencies, input);
    const current = await readIssuer(k8s, linkerd);
    refuseForeign(current, rotation);
    const state = wanted(issuerStateOf(current, rotation));
    const next = state && issuerIn(state, rotation);
    const written: string[] = [];
    if (next && !isSameIssuer(current, next.certificatePem)) {
      await refuseUntrusted(k8s, linkerd, next.certificatePem);
      await replaceIssuer(k8s, linkerd, current, next);
      written.push(`Secret ${ISSUER_SECRET}`);
    }
    const { secret, copies } = await followIssuer(k8s, linkerd);
    return { swappedAt: swapTime(secret), written: [...written, ...copies] };
  });
}

/** The copies are those of the Secret as it is: when it changes meanwhile they are written again. */
async function followIssuer(
  k8s: Kubernetes,
  linkerd: Linkerd,
): Promise<{ secret: StoredIssuer['secret']; copies: string[] }> {
  const copies: string[] = [];
  for (;;) {
    const { secret, certificatePem, keyPem } = await readIssuer(k8s, linkerd);
    copies.push(...(await changeIssuerCopies(k8s, linkerd, certificatePem, keyPem)));
    const after = await readIssuer(k8s, linkerd);
    if (after.secret.metadata?.resourceVersion === secret.metadata?.resourceVersion) return { secret, copies };
  }
}

/** Identity dies of an issuer that its bundle does not verify: whoever asks for one comes too late, or too early. */
async function refuseUntrusted(k8s: Kubernetes, linkerd: Linkerd, pem: string): Promise<void> {
  const [authoritative] = await readAnchors(k8s, linkerd);
  const [issuer, ...others] = readBundle(pem).certificates;
  if (issuer && anchorsToRetire([issuer, ...others], authoritative.certificates).length > 0) return;
  throw ApplicationFailure.nonRetryable(
    `the issuer ${issuer?.commonName} is under no anchor of ${authoritative.store}: identity would not start with it`,
    'IssuerUntrusted',
  );
}

/** An issuer that is neither of the start nor of this rotation came from somebody else, who has to be asked. */
function refuseForeign(stored: StoredIssuer, rotation: RotationSecret): void {
  if (issuerStateOf(stored, rotation) !== undefined) return;
  const { commonName, fingerprint } = stored.certificates[0];
  throw ApplicationFailure.nonRetryable(
    `Secret ${ISSUER_SECRET} holds an issuer (${commonName}, ${fingerprint.slice(0, 12)}) that is neither the one of the start ` +
      `nor this rotation's: somebody else has written it. Put the one of the start back (it is in Secret ${ROTATION_SECRET})`,
    'IssuerReplaced',
  );
}

/**
 * The bridge certificate lasts: one that is missing (an adopted rotation of another strategy) or near its end is made
 * anew with the new root's key.
 */
async function withBridge(dependencies: Dependencies, input: StepInput): Promise<Bearings> {
  return await withFreshRead(async () => await tryWithBridge(dependencies, input));
}

async function tryWithBridge(dependencies: Dependencies, input: StepInput): Promise<Bearings> {
  const bearings = await takeBearings(dependencies, input);
  const { rotation, linkerd } = bearings;
  if (rotation.bridge && !bridgeEndsSoon(rotation.bridge, linkerd.leafLifeMs, new Date())) return bearings;
  if (!rotation.rootKeyPem) {
    if (rotation.bridge) return bearings; // nothing can be done; status has its end
    throw ApplicationFailure.nonRetryable(
      'a bridge needs the key of the new root, which was discarded',
      'BridgeMissing',
    );
  }
  const made = createBridge({
    issuer: rotation.previous.issuer,
    root: rotation.root,
    rootKey: parseKey(rotation.rootKeyPem),
    validForMs: bridgeLife(input.settings, linkerd.leafLifeMs),
  });
  await dependencies.k8s.core.patchNamespacedSecret({
    name: ROTATION_SECRET,
    namespace: linkerd.namespace,
    fieldManager: FIELD_MANAGER,
    body: [
      unchanged(rotation.secret.metadata),
      { op: 'add', path: pointer('data', SECRET_KEYS.bridge), value: encode(made.pem) },
    ],
  });
  return await takeBearings(dependencies, input);
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
        message: `${skipped.message}. A replica was started before the bundle had what it needs: it is restarted`,
      };
    }
    const updated = events.filter(({ reason }) => reason === 'IssuerUpdated').length;
    if (updated >= replicas)
      return { outcome: 'updated', message: `IssuerUpdated from ${updated} of ${replicas} replicas` };
    if ((await checkGate(dependencies, input)).passed) {
      return { outcome: 'alreadyIssuing', message: 'every identity replica already hands out the new chain' };
    }
    if (Date.now() - started > patience) {
      return {
        outcome: 'silent',
        message: `no IssuerUpdated event from ${replicas - updated} of ${replicas} replicas (linkerd2#15109): identity is restarted`,
      };
    }
    reportProgress({
      phase: input.phase,
      waitingFor: [`IssuerUpdated events of linkerd-identity: ${updated} of ${replicas}`],
    });
    await pause(pollMs);
  }
}
