import { expect } from 'vitest';
import type { Finding } from '../../../src/rotation/findings.js';
import type { Definition } from '../../integration/custom-resources.js';
import { ISSUER, ownedBy, preflightWith, TRUST_ROOTS, withMetadata, withObjects } from '../objects.js';
import { found, preflight, type Row, said } from '../row.js';

const ROOTS = 'linkerd-identity-trust-roots';
const ROOTS_NAME = `linkerd/ConfigMap/${ROOTS}`;

const definition = (group: string, version: string, kind: string, scope: Definition['scope']): Definition => ({
  ...{ group, version, kind, scope },
  plural: `${kind.toLowerCase()}s`,
});
const BUNDLES = definition('trust.cert-manager.io', 'v1alpha1', 'Bundle', 'Cluster');
const CLUSTER_BUNDLES = definition('trust-manager.io', 'v1alpha2', 'ClusterBundle', 'Cluster');
const CERTIFICATES = definition('cert-manager.io', 'v1', 'Certificate', 'Namespaced');
const ROTATIONS = definition('trust.linkerd.io', 'v1alpha1', 'TrustAnchorRotation', 'Cluster');
const CONTROL_PLANES = definition('linkerd.buoyant.io', 'v1alpha1', 'ControlPlane', 'Cluster');
const INSTALLS = definition('mesh.example', 'v1', 'MeshInstall', 'Cluster');

/** A Certificate whose Secret gets labels, as a Bundle may select it. */
const anchor = {
  metadata: { namespace: 'linkerd', name: 'linkerd-trust-anchor' },
  spec: {
    ...{ secretName: 'linkerd-trust-anchor', duration: '8760h', renewBefore: '7320h' },
    secretTemplate: { labels: { anchors: 'mesh' } },
  },
};

const issuer = {
  metadata: { namespace: 'linkerd', name: 'linkerd-identity-issuer' },
  spec: { secretName: 'linkerd-identity-issuer', duration: '48h', renewBefore: '25h', isCA: true },
};

/** How the clients of tests are named, that put back what they have changed. */
const OF_TESTS = /^(kubernetes-client-javascript|undici) /;

/** Beside the tests themselves. */
const writersFound = async (): Promise<Finding[]> =>
  (await preflight()).findings.filter(
    ({ reason, message }) => /^(AnotherWriter|ForeignFieldManager|HandOff)$/.test(reason) && !OF_TESTS.test(message),
  );

/** The one writer that preflight names. */
async function onlyWriter(wanted: Pick<Finding, 'reason' | 'severity'>, ...says: string[]): Promise<string> {
  const [finding, ...more] = await writersFound();
  expect(more).toEqual([]);
  expect(finding).toMatchObject(wanted);
  if (!finding) return '';
  for (const part of says) expect(`${finding.message} (${finding.hint})`).toContain(part);
  return said(finding);
}

const HANDS_OFF = { reason: 'HandOff', severity: 'warn' } as const;
const WARNS = { reason: 'ForeignFieldManager', severity: 'warn' } as const;

/** What shows by a mark is handed off; a waiver of the object makes it reroot's, with a warning. */
async function handedOffUntilWaived(subject: string, ...says: string[]): Promise<string> {
  const line = await onlyWriter(HANDS_OFF, ...says, `\`waive\` ${subject}`);
  const again = await preflightWith({ waive: [{ subject, reason: 'it is stopped' }] });
  expect(again.findings.filter(({ reason }) => reason === 'HandOff')).toEqual([]);
  expect(found(again, 'AnotherWriter').severity).toBe('warn');
  return `${line}; waived: reroot writes it`;
}

const owner = (group: Definition, uid: string | undefined) => ({
  ownerReferences: [
    {
      ...{ apiVersion: `${group.group}/${group.version}`, kind: group.kind, name: 'mesh', uid: uid ?? '' },
      ...{ controller: true, blockOwnerDeletion: false },
    },
  ],
});

export const writers: readonly Row[] = [
  {
    report: 7,
    have: 'a tool that reroot does not know owns `ca-bundle.crt` of the trust roots',
    does: 'warns (`ForeignFieldManager`), with its name, its key and its last write; goes on',
    made: 'API server: field manager `acme-pki-sync` by server-side apply',
    sample: true,
    see: async () =>
      await ownedBy('acme-pki-sync', TRUST_ROOTS, async () => {
        return await onlyWriter(WARNS, 'acme-pki-sync writes it too', 'it owns ca-bundle.crt, and wrote last at 2');
      }),
  },
  {
    report: 7,
    have: 'a tool owns labels of the trust roots, and nothing else of them',
    does: 'says nothing of it',
    made: 'API server: field manager `argocd-controller` that owns a label alone',
    see: async () =>
      await ownedBy(
        'argocd-controller',
        TRUST_ROOTS,
        async () => {
          expect(await writersFound()).toEqual([]);
          return 'no writer named';
        },
        'label',
      ),
  },
  {
    report: 7,
    have: 'a person has applied the trust roots with `kubectl apply --server-side`',
    does: 'says nothing of it: a person is asked, not accused',
    made: 'API server: field manager `kubectl` by server-side apply',
    see: async () =>
      await ownedBy('kubectl', TRUST_ROOTS, async () => {
        expect(await writersFound()).toEqual([]);
        return 'no writer named';
      }),
  },
  {
    report: 7,
    have: 'Terraform made the trust roots',
    does: 'warns of what the next `terraform apply` would do',
    made: 'API server: field manager `Terraform`',
    see: async () =>
      await ownedBy(
        'Terraform',
        TRUST_ROOTS,
        async () => await onlyWriter(WARNS, 'next `terraform apply` would bring'),
      ),
  },
  {
    report: 7,
    have: 'Pulumi made the issuer Secret',
    does: 'warns of what the next `pulumi up` would do',
    made: 'API server: field manager `pulumi-kubernetes-1f3d`',
    see: async () =>
      await ownedBy('pulumi-kubernetes-1f3d', ISSUER, async () => await onlyWriter(WARNS, 'Pulumi', 'crt.pem')),
  },
  {
    report: 7,
    have: 'trust-manager with a **ClusterBundle**, whose sources are selected by a label',
    does: 'hands the bundle off to trust-manager (`HandOff`) where the issuer is none of cert-manager’s, and names the Certificate behind the label and when it renews; no `waive` goes past it',
    made: 'API server: the resources `trust-manager.io/v1alpha2` and `cert-manager.io/v1`, with an object of each',
    sample: true,
    see: async () =>
      await withObjects(
        [
          { definition: CERTIFICATES, objects: [anchor] },
          {
            definition: CLUSTER_BUNDLES,
            objects: [
              {
                metadata: { name: ROOTS },
                spec: {
                  sourceRefs: [{ kind: 'Secret', selector: { matchLabels: { anchors: 'mesh' } }, key: 'tls.crt' }],
                  target: { configMap: { data: [{ key: 'ca-bundle.crt' }] }, namespaceSelector: {} },
                },
              },
            ],
          },
        ],
        async () => {
          const line = await onlyWriter(
            HANDS_OFF,
            `it is written by ClusterBundle ${ROOTS}`,
            'Certificate linkerd/linkerd-trust-anchor renews 60d after each issue',
          );
          const again = await preflightWith({ waive: [{ subject: ROOTS_NAME, reason: 'so they say' }] });
          expect(found(again, 'HandOff').severity).toBe('warn');
          return line;
        },
      ),
  },
  {
    report: 7,
    have: 'a Bundle whose sources are selected by a label that no Certificate gives',
    does: 'hands the bundle off to trust-manager, and names the label',
    made: 'API server: the resource `trust.cert-manager.io/v1alpha1` with a Bundle',
    see: async () =>
      await withObjects(
        [
          {
            definition: BUNDLES,
            objects: [
              {
                metadata: { name: ROOTS },
                spec: { sources: [{ secret: { selector: { matchLabels: { from: 'vault' } }, key: 'ca.crt' } }] },
              },
            ],
          },
        ],
        async () => await onlyWriter(HANDS_OFF, 'it takes Secrets with labels from=vault, whoever writes them'),
      ),
  },
  {
    report: 7,
    have: 'cert-manager writes the issuer, and reroot may not renew it',
    does: 'refuses (`PermissionMissing`), and names each right and the file that grants it, `deploy/rbac/cert-manager-renew.yaml`',
    made: 'API server: the resource `cert-manager.io/v1` with a Certificate of the issuer Secret',
    see: async () =>
      await withObjects([{ definition: CERTIFICATES, objects: [issuer] }], async () => {
        const missing = (await preflight()).findings.filter(({ reason }) => reason === 'PermissionMissing');
        const rights = missing.map(({ message, hint }) => `${message} (${hint})`).join('; ');
        expect(rights).toContain(
          'patch certificates/status.cert-manager.io "linkerd-identity-issuer" in namespace linkerd',
        );
        expect(rights).toContain('deploy/rbac/cert-manager-renew.yaml');
        return missing[0] ? said(missing[0]) : '';
      }),
  },
  {
    report: 7,
    have: "Buoyant's trust-rotation operator",
    does: 'hands the bundle off to it, and names its TrustAnchorRotation; a person may say that it is stopped (`waive` of the object), and reroot writes the bundle',
    made: 'API server: the resource `trust.linkerd.io/v1alpha1` with an object',
    see: async () =>
      await withObjects(
        [{ definition: ROTATIONS, objects: [{ metadata: { name: 'cluster' }, spec: {} }] }],
        async () =>
          await handedOffUntilWaived(ROOTS_NAME, "Buoyant's operator", 'TrustAnchorRotation cluster keeps the bundle'),
      ),
  },
  {
    report: 7,
    have: "Buoyant's lifecycle operator: a ControlPlane that owns the trust roots",
    does: 'hands the bundle off to it, until a person says that it is stopped',
    made: 'API server: the resource `linkerd.buoyant.io/v1alpha1`, and an owner reference to its object',
    see: async () =>
      await withObjects(
        [{ definition: CONTROL_PLANES, objects: [{ metadata: { name: 'mesh' }, spec: {} }] }],
        async ([made]) =>
          await withMetadata(
            TRUST_ROOTS,
            owner(CONTROL_PLANES, made?.metadata.uid),
            async () =>
              await handedOffUntilWaived(ROOTS_NAME, "Buoyant's operator", 'ControlPlane mesh installs Linkerd again'),
          ),
      ),
  },
  {
    report: 7,
    have: 'a controller that reroot does not know owns the trust roots (`ownerReferences`, `controller: true`)',
    does: 'hands the bundle off to it by kind and name, until a person says that it is stopped',
    made: 'API server: a resource `mesh.example/v1`, and an owner reference to its object',
    see: async () =>
      await withObjects(
        [{ definition: INSTALLS, objects: [{ metadata: { name: 'mesh' }, spec: {} }] }],
        async ([made]) =>
          await withMetadata(
            TRUST_ROOTS,
            owner(INSTALLS, made?.metadata.uid),
            async () => await handedOffUntilWaived(ROOTS_NAME, 'handed off to MeshInstall mesh (mesh.example)'),
          ),
      ),
  },
  {
    report: 7,
    have: 'Rancher Fleet',
    does: 'hands the bundle off to it, until a person says that it is paused; Helm, by which it applies, is not named beside it',
    made: "API server: Fleet's annotation `objectset.rio.cattle.io/id`",
    see: async () =>
      await withMetadata(
        TRUST_ROOTS,
        { annotations: { 'objectset.rio.cattle.io/id': 'default-mesh' } },
        async () => await handedOffUntilWaived(ROOTS_NAME, 'Rancher (Fleet', 'spec.paused'),
      ),
  },
  {
    report: 7,
    have: 'the issuer comes from External Secrets',
    does: 'hands the issuer off to it, and says that it writes again after each `refreshInterval`',
    made: 'API server: field manager `external-secrets` of `crt.pem`',
    see: async () =>
      await ownedBy(
        'external-secrets',
        ISSUER,
        async () =>
          await handedOffUntilWaived('linkerd/Secret/linkerd-identity-issuer', 'External Secrets', 'refreshInterval'),
      ),
  },
  {
    report: 7,
    have: 'the trust roots are reflected from another namespace (Reflector, kubernetes-replicator)',
    does: 'hands the bundle off to it, until a person says that it is stopped',
    made: 'API server: annotation `reflector.v1.k8s.emberstack.com/reflects`',
    see: async () =>
      await withMetadata(
        TRUST_ROOTS,
        { annotations: { 'reflector.v1.k8s.emberstack.com/reflects': 'pki/roots' } },
        async () => await handedOffUntilWaived(ROOTS_NAME, 'Reflector', 'reflects'),
      ),
  },
];
