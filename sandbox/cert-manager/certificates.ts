import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { type CustomResource, listCustom } from '../../src/kubernetes/custom.js';
import { withFreshRead } from '../../src/kubernetes/patch.js';
import type { CertificateCondition } from '../../src/linkerd/writers/certificate-renewal.js';
import { BUNDLES, CERTIFICATES, CLUSTER_BUNDLES, CLUSTER_ISSUERS, ISSUERS } from './names.js';

/** What people do with `cmctl` and see with `kubectl`, for tests and measurements. */

/** A Certificate, as far as it is read here. */
export interface Certificate {
  metadata: V1ObjectMeta;
  spec: object;
  status?: { conditions?: CertificateCondition[]; revision?: number; renewalTime?: string; notAfter?: string };
}

export async function readCertificate(k8s: Kubernetes, namespace: string, name: string): Promise<Certificate> {
  const found: unknown = await k8s.custom.getNamespacedCustomObject({ ...CERTIFICATES, namespace, name });
  return found as Certificate;
}

/**
 * Has a Certificate issued anew, as `cmctl renew` does.
 *
 * @returns its revision of before; when it is a greater one, the new certificate is in its Secret
 */
export async function renew(k8s: Kubernetes, namespace: string, name: string): Promise<number> {
  return await withFreshRead(async () => {
    const { status = {}, ...certificate } = await readCertificate(k8s, namespace, name);
    const issuing: CertificateCondition = {
      type: 'Issuing',
      status: 'True',
      reason: 'ManuallyTriggered',
      message: 'Certificate re-issuance manually triggered',
      lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
      observedGeneration: certificate.metadata.generation ?? 1,
    };
    const others = (status.conditions ?? []).filter(({ type }) => type !== 'Issuing');
    const body = { ...certificate, status: { ...status, conditions: [...others, issuing] } };
    await k8s.custom.replaceNamespacedCustomObjectStatus({ ...CERTIFICATES, namespace, name, body });
    return status.revision ?? 0;
  });
}

/** Whether all Certificates are ready, none is being issued, and there are some. */
export async function areCertificatesReady(k8s: Kubernetes): Promise<boolean> {
  const certificates = await listCustom(k8s, CERTIFICATES, undefined, (item) => item as Certificate);
  return certificates.length > 0 && certificates.every(isReady);
}

function isReady({ status }: Certificate): boolean {
  const has = (wanted: string) =>
    status?.conditions?.some((condition) => condition.type === wanted && condition.status === 'True') ?? false;
  return has('Ready') && !has('Issuing');
}

/** What a GitOps owner of these objects would compare: the spec of each, with its generation, by `Kind namespace/name`. */
export type Specs = Record<string, { generation: number; spec: unknown }>;

export async function specsOf(k8s: Kubernetes): Promise<Specs> {
  const kinds: [string, CustomResource][] = [
    ['Certificate', CERTIFICATES],
    ['Issuer', ISSUERS],
    ['ClusterIssuer', CLUSTER_ISSUERS],
    ['Bundle', BUNDLES],
    ['ClusterBundle', CLUSTER_BUNDLES],
  ];
  const all = await Promise.all(
    kinds.map(
      async ([kind, resource]) =>
        await listCustom(k8s, resource, undefined, ({ metadata, spec }) => {
          const name = [metadata?.namespace, metadata?.name].filter(Boolean).join('/');
          return [`${kind} ${name}`, { generation: metadata?.generation ?? 0, spec }] as const;
        }),
    ),
  );
  return Object.fromEntries(all.flat());
}

/** How many of them were changed, made or removed from one to the other. */
export function specChanges(before: Specs, after: Specs): number {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).length;
}
