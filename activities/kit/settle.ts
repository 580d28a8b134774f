import { ApplicationFailure } from '@temporalio/activity';
import { present } from '../../src/ground/present.js';
import { clusterNow } from '../../src/kubernetes/clock.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isReady, readCertificate } from '../../src/linkerd/cert-manager/certificate.js';
import type { ManagedCertificate } from '../../src/linkerd/cert-manager/install.js';
import { isKeyOf, readPair } from '../../src/linkerd/cert-manager/pair.js';
import type { Linkerd } from '../../src/linkerd/detect.js';
import { readIssuer } from '../../src/linkerd/identity/issuer.js';
import { readAnchors } from '../../src/linkerd/layouts/stores.js';
import { renewalOf } from '../../src/linkerd/writers/certificate-renewal.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import type { RotationSecret } from '../../src/records/rotation-secret.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { changePrevious } from './bundle-sources.js';
import { pause, reportProgress } from './heartbeat.js';
import { certificateFacts } from '../../src/rotation/certificate-facts.js';
import type { Managed } from './managed.js';
import { bringPair, holdRoot, nameOf, TLS } from './root-secret.js';

const LOOKS = 60;
const LOOK_MS = 2000;

/** What the report says of what cert-manager has made. */
export type MadeByCertManager = Pick<RotationReport, 'newIssuer' | 'renews'>;

/**
 * Leaves cert-manager's Secrets as a rotation ends: each root in its place, no cross-signed root, and both Certificates ready, so
 * that their next renewal goes as if nothing had been.
 * @throws ApplicationFailure `CertificateNotReady`, which may be tried again
 */
export async function settle(
  k8s: Kubernetes,
  { root, sources, issuer }: Managed,
  rotation: RotationSecret,
  outcome: RotationReport['outcome'],
): Promise<void> {
  const isBack = outcome === 'aborted';
  const { retire, previous } = rotation;
  if (root && retire.length > 0) {
    const keys = [rotation.rootKeyPem, previous.rootKeyPem];
    const goes = isBack ? [rotation.root.fingerprint] : retire;
    if (sources)
      await changePrevious(k8s, sources, { add: isBack ? previous.roots : [rotation.root], remove: goes }, keys);
    await holdRoot(k8s, root, rotation, isBack ? 'start' : 'new');
  }
  for (const certificate of [root, issuer]) if (certificate) await awaitReady(k8s, certificate);
}

async function awaitReady(k8s: Kubernetes, certificate: ManagedCertificate): Promise<void> {
  for (let look = 1; look <= LOOKS; look += 1) {
    if (isReady(await readCertificate(k8s, certificate))) return;
    reportProgress({ waitingFor: [`Certificate ${nameOf(certificate)} to be ready`] });
    await pause(LOOK_MS);
  }
  throw ApplicationFailure.retryable(
    `Certificate ${nameOf(certificate)} is not ready: look at its status and its events`,
    'CertificateNotReady',
  );
}

/** The issuer in use, and when cert-manager renews what it has made. */
export async function madeByCertManager(
  k8s: Kubernetes,
  { issuer, root }: Managed,
  linkerd: Linkerd,
  { outcome }: Pick<RotationReport, 'outcome'>,
): Promise<MadeByCertManager> {
  if (!issuer || outcome !== 'completed') return {};
  const { certificates } = await readIssuer(k8s, linkerd);
  const times = await Promise.all(
    [issuer, root].map(async (certificate) =>
      certificate ? (await readCertificate(k8s, certificate)).status?.renewalTime : undefined,
    ),
  );
  return { newIssuer: certificateFacts(certificates[0]), ...present({ renews: renewsText(times) }) };
}

function renewsText([issuer, root]: readonly (string | undefined)[]): string | undefined {
  if (issuer === undefined) return undefined;
  const also =
    root === undefined
      ? ''
      : `, and the root at ${root}: that is a rotation, so be before it (or let \`reroot watch\` drive it)`;
  return `cert-manager renews the issuer at ${issuer} by itself${also}.`;
}

/**
 * A root that cert-manager has made for a rotation that came to nothing before it was recorded: that of the start goes back, so
 * that no issuer is signed with one that nobody trusts. Not where the root was due anyway: it would be renewed again.
 */
export async function undoUnrecorded(k8s: Kubernetes, linkerd: Linkerd, { root, sources }: Managed): Promise<boolean> {
  if (!root || !sources) return false;
  const [{ certificates: anchors }] = await readAnchors(k8s, linkerd);
  const roots = anchorsOfIssuer((await readIssuer(k8s, linkerd)).certificates, anchors);
  const { certificates: signing } = await readPair(k8s, root.secret, TLS);
  const previous = await readPair(k8s, sources.previous, sources.key);
  const start = roots.find((one) => isKeyOf(previous.keyPem, one));
  const isInUse = roots.some((one) => signing[0]?.publicKeyDer.equals(one.publicKeyDer));
  if (!start || isInUse) return false;
  const due = start.notBefore.getTime() + renewalOf(root.resource.spec).renewedAfterMs;
  if (due <= clusterNow(k8s).getTime()) return false;
  return await bringPair(k8s, root, ({ certificates: [first] }) =>
    first?.fingerprint === start.fingerprint
      ? undefined
      : { certificates: [start], keyPem: previous.keyPem, ca: start },
  );
}
