import type { Kubernetes } from '../../kubernetes/client.js';
import { type CustomObject, type CustomResource, listCustom } from '../../kubernetes/custom.js';
import { ifThere } from '../../kubernetes/errors.js';
import { FIELD_MANAGER } from '../../kubernetes/own-names.js';
import { type PatchOperation, pointer, unchanged, withFreshRead } from '../../kubernetes/patch.js';
import type { CertificateCondition, CertManagerCertificate } from '../writers/certificate-renewal.js';
import type { ManagedCertificate } from './install.js';

/** Certificates of cert-manager are renewed by their status alone: no spec is touched, so nobody who owns one has to know. */

export const CERTIFICATES: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'certificates' };
const REQUESTS: CustomResource = { group: 'cert-manager.io', version: 'v1', plural: 'certificaterequests' };
const REVISION = 'cert-manager.io/certificate-revision';
/** Of the condition that cmctl sets. */
const MANUALLY_TRIGGERED = 'ManuallyTriggered';
const CERTIFICATE_NAME = 'cert-manager.io/certificate-name';

type Named = Pick<ManagedCertificate, 'namespace' | 'name'>;

export async function readCertificate(k8s: Kubernetes, { namespace, name }: Named): Promise<CertManagerCertificate> {
  return (await k8s.custom.getNamespacedCustomObject({ ...CERTIFICATES, namespace, name })) as CertManagerCertificate;
}

export function conditionOf(
  { status }: CertManagerCertificate,
  type: 'Issuing' | 'Ready',
): CertificateCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isIssuing(certificate: CertManagerCertificate): boolean {
  return conditionOf(certificate, 'Issuing')?.status === 'True';
}

/** It is as its spec wants it, and nothing is under way. */
export function isReady(certificate: CertManagerCertificate): boolean {
  return conditionOf(certificate, 'Ready')?.status === 'True' && !isIssuing(certificate);
}

/** Asks cert-manager for a new certificate, as `cmctl renew` does (cmctl pkg/renew); one that is on its way is enough. */
export async function renew(k8s: Kubernetes, named: Named): Promise<void> {
  const { namespace, name } = named;
  await withFreshRead(async () => {
    const certificate = await readCertificate(k8s, named);
    if (isIssuing(certificate)) return;
    await k8s.custom.patchNamespacedCustomObjectStatus({
      ...CERTIFICATES,
      namespace,
      name,
      fieldManager: FIELD_MANAGER,
      body: [unchanged(certificate.metadata), ...issuing(certificate, new Date())],
    });
  });
}

function issuing({ metadata, status }: CertManagerCertificate, now: Date): PatchOperation[] {
  const condition: CertificateCondition = {
    type: 'Issuing',
    status: 'True',
    reason: MANUALLY_TRIGGERED,
    message: 'Certificate re-issuance manually triggered',
    // the API server takes whole seconds
    lastTransitionTime: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    ...(metadata?.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  };
  if (!status) return [{ op: 'add', path: pointer('status'), value: { conditions: [condition] } }];
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Issuing');
  return [{ op: 'add', path: pointer('status', 'conditions'), value: [...others, condition] }];
}

/**
 * Deletes the request that a Certificate's Secret was issued by. cert-manager compares a Secret with it, and issues anew what
 * has another key (internal/controller/certificates/policies `SecretPublicKeyDiffersFromCurrentCertificateRequest`); without
 * it the Secret stands for itself, as after a restore from a backup.
 * @returns whether there was one
 */
export async function forgetRequest(k8s: Kubernetes, named: Named): Promise<boolean> {
  const { namespace, name } = named;
  const revision = String((await readCertificate(k8s, named)).status?.revision ?? '');
  const current = await listCustom(k8s, REQUESTS, namespace, (request) => requestOf(request, { name, revision }));
  for (const request of current)
    await ifThere(k8s.custom.deleteNamespacedCustomObject({ ...REQUESTS, namespace, name: request }));
  return current.length > 0;
}

function requestOf(
  { metadata }: CustomObject,
  { name, revision }: { name: string; revision: string },
): string | undefined {
  const { [REVISION]: of, [CERTIFICATE_NAME]: certificate } = metadata?.annotations ?? {};
  return of === revision && certificate === name ? metadata?.name : undefined;
}
