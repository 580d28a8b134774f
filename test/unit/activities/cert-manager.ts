import { decode, encode } from '../../../src/kubernetes/base64.js';
import type { Kubernetes } from '../../../src/kubernetes/client.js';
import { KubernetesError } from '../../../src/kubernetes/errors.js';
import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import { formatBundle, readBundle } from '../../../src/pki/bundle.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import { createBridge, createCross, createIssuer, createRoot, type Issued } from '../../../src/pki/issue.js';
import { keyMatches, parseKey, toSec1Pem } from '../../../src/pki/key.js';
import { hasSigned } from '../../../src/pki/signatures.js';
import type { Owners } from '../../../src/rotation/owners.js';
import { DAY_MS } from '../support.js';
import { FakeCluster } from './cluster.js';

/** cert-manager and trust-manager over a cluster in memory, by the rules of theirs that a rotation depends on. */

export const BY_CERT_MANAGER: Owners = {
  bundle: { kind: 'certManager', who: 'Bundle linkerd-identity-trust-roots' },
  issuer: { kind: 'certManager', who: 'ClusterIssuer linkerd-identity-issuer' },
};

type Name = 'linkerd-trust-anchor' | 'linkerd-identity-issuer';

interface Managed {
  metadata: { namespace: string; name: Name; resourceVersion: string };
  spec: Record<string, unknown> & { secretName: string };
  status: { revision: number; renewalTime: string; conditions: { type: string; status: string }[] };
}

const ROOT = 'linkerd-trust-anchor';
const ISSUER = 'linkerd-identity-issuer';
const PREVIOUS = 'Secret/linkerd-previous-anchor';
const NAMESPACES: Record<Name, string> = { [ROOT]: 'cert-manager', [ISSUER]: 'linkerd' };

export class CertManagerCluster extends FakeCluster {
  readonly certificates = new Map<Name, Managed>();
  /** Key of the request that each was issued by last; absent: it was deleted. */
  readonly requests = new Map<Name, string>();
  /** How often each was issued. */
  readonly issued: Record<Name, number> = { [ROOT]: 0, [ISSUER]: 0 };
  /** Issues nothing that it is asked for. */
  asleep = false;
  /** trust-manager leaves out what has expired (`--filter-expired-certificates`). */
  filters = false;
  /** Without: the two Secrets are copied by somebody else. */
  hasBundle = true;
  /** The CA of the root is none of the cluster's: its Secret plays Vault. */
  outside = false;
  /** A person has made the root, and the Secret of the CA. */
  byHand = false;
  /** What reroot has no right to read, as `Secret/name`. */
  forbidden: string | undefined;
  #working = false;

  constructor() {
    super();
    this.put('ConfigMap/linkerd-config', {
      data: { values: 'identity:\n  issuer:\n    scheme: kubernetes.io/tls\n' },
    });
    for (const name of [ROOT, ISSUER] as const) {
      this.certificates.set(name, {
        metadata: { namespace: NAMESPACES[name], name, resourceVersion: '1' },
        spec: { secretName: name, isCA: true, issuerRef: { kind: 'ClusterIssuer', name: `of-${name}` } },
        status: {
          revision: 0,
          renewalTime: '2027-01-01T00:00:00Z',
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      });
      this.issue(name);
    }
    const { data = {} } = this.objects.get(`Secret/${ROOT}`) ?? {};
    this.put(PREVIOUS, { data });
    this.put('ConfigMap/linkerd-identity-trust-roots', { data: { 'ca-bundle.crt': '' } });
  }

  override put(key: string, object: Parameters<FakeCluster['put']>[1]): void {
    super.put(key, object);
    if (this.#working || !this.objects.has('ConfigMap/linkerd-identity-trust-roots')) return;
    this.#working = true;
    this.#reissue();
    this.#bundle();
    this.#working = false;
  }

  /** As `cmctl renew`, or at its own time. */
  renew(name: Name): void {
    this.issue(name);
    this.put('Secret/nothing', {});
  }

  /** What it has issued ends then (default: a moment ago), and it does not renew it. */
  end(name: Name, at = new Date(Date.now() - 1000)): void {
    const [first] = this.chain(name);
    if (!first) return;
    const signs = parseKey(this.text(`Secret/${ROOT}`, 'tls.key'));
    const [root] = this.chain(ROOT);
    const ended = { ...first, notAfter: at };
    const certificate =
      name === ROOT || !root
        ? createCross({ root: ended, by: first, byKey: signs })
        : createBridge({ issuer: first, root, rootKey: signs, validForMs: at.getTime() - Date.now() });
    const data = { 'tls.crt': encode(formatBundle([certificate], { finalNewline: true })) };
    const keys = name === ROOT ? [`Secret/${ROOT}`, PREVIOUS] : [`Secret/${name}`];
    for (const key of keys) {
      const held = this.objects.get(key);
      const ca = name === ROOT ? { 'ca.crt': data['tls.crt'] } : {};
      this.objects.set(key, { ...held, data: { ...held?.data, ...data, ...ca } });
    }
    this.put('Secret/nothing', {});
  }

  chain(name: string): Certificate[] {
    return readBundle(this.text(`Secret/${name}`, 'tls.crt')).certificates;
  }

  get bundle(): string[] {
    const { certificates } = readBundle(this.text2('ConfigMap/linkerd-identity-trust-roots', 'ca-bundle.crt'));
    return certificates.map(({ fingerprint }) => fingerprint);
  }

  text2(key: string, field: string): string {
    return this.objects.get(key)?.data?.[field] ?? '';
  }

  /** A new key and a certificate of it, in its Secret; the issuer under what the root's Secret holds. */
  issue(name: Name): void {
    const certificate = this.certificates.get(name);
    if (!certificate) return;
    const made = name === ROOT ? selfSigned() : this.#signed();
    const keyPem = toSec1Pem(made.issued.privateKey);
    this.issued[name] += 1;
    this.requests.set(name, keyPem);
    certificate.status.revision += 1;
    certificate.status.conditions = certificate.status.conditions.filter(({ type }) => type !== 'Issuing');
    const isWorking = this.#working;
    this.#working = true;
    this.put(`Secret/${name}`, {
      data: {
        'tls.crt': encode(formatBundle(made.chain, { finalNewline: true })),
        'tls.key': encode(keyPem),
        'ca.crt': encode(made.ca.pem),
      },
    });
    this.#working = isWorking;
    if (!isWorking && this.objects.has('ConfigMap/linkerd-identity-trust-roots')) this.#bundle();
  }

  /** pkg/util/pki `ParseSingleCertificateChain`: tls.crt and ca.crt of the CA have to be one chain. */
  #signed(): { issued: Issued; chain: Certificate[]; ca: Certificate } {
    const [ca] = this.chain(ROOT);
    const [above] = readBundle(this.text(`Secret/${ROOT}`, 'ca.crt')).certificates;
    if (!ca || !above || !hasSigned(above, ca)) throw new Error('certificate chain is malformed or broken');
    const issued = createIssuer({
      root: ca,
      rootKey: parseKey(this.text(`Secret/${ROOT}`, 'tls.key')),
      commonName: 'identity.linkerd.cluster.local',
      validForMs: 2 * DAY_MS,
    });
    const isSelfSigned = hasSigned(ca, ca);
    return { issued, chain: [issued.certificate, ...(isSelfSigned ? [] : [ca])], ca: above };
  }

  /** internal/controller/certificates/policies: a Secret whose key is not that of the current request is issued anew. */
  #reissue(): void {
    for (const name of [ROOT, ISSUER] as const) {
      const [first] = this.chain(name);
      const key = parseKey(this.text(`Secret/${name}`, 'tls.key'));
      const request = this.requests.get(name);
      const isOther = request !== undefined && first !== undefined && !keyMatches(parseKey(request), first);
      if (!first || isOther || !keyMatches(key, first)) this.issue(name);
    }
  }

  #bundle(): void {
    if (this.byHand) return;
    const texts = [PREVIOUS, `Secret/${ROOT}`].map((key) => this.text(key, 'tls.crt'));
    const { certificates } = readBundle(texts.join(''));
    const left = certificates.filter(({ notAfter }) => !this.filters || notAfter > new Date());
    const pem = formatBundle(left, { finalNewline: true });
    const isWorking = this.#working;
    this.#working = true;
    this.put('ConfigMap/linkerd-identity-trust-roots', { data: { 'ca-bundle.crt': pem } });
    this.#working = isWorking;
  }

  override get k8s(): Kubernetes {
    const all: Record<string, object[]> = {
      certificates: [...this.certificates.values()].filter(
        ({ metadata }) => !(this.outside || this.byHand) || metadata.name !== ROOT,
      ),
      bundles: [
        this.hasBundle && {
          metadata: { name: 'linkerd-identity-trust-roots' },
          spec: {
            sources: [ROOT, 'linkerd-previous-anchor'].map((name) => ({ secret: { name, key: 'tls.crt' } })),
          },
        },
      ].filter((bundle) => bundle !== false),
    };
    const custom = {
      getAPIResources: async () =>
        await Promise.resolve({
          resources: ['certificates', 'bundles', 'issuers', 'clusterissuers', 'certificaterequests'].map((name) => ({
            name,
          })),
        }),
      listClusterCustomObject: async ({ plural }: { plural: string }) =>
        await Promise.resolve({ items: structuredClone(all[plural] ?? []) }),
      listNamespacedCustomObject: async ({ namespace }: { namespace: string }) =>
        await Promise.resolve({
          items: [...this.requests.keys()]
            .filter((name) => NAMESPACES[name] === namespace)
            .map((name) => ({
              metadata: {
                name: `${name}-1`,
                annotations: {
                  'cert-manager.io/certificate-name': name,
                  'cert-manager.io/certificate-revision': String(this.certificates.get(name)?.status.revision),
                },
              },
            })),
        }),
      getClusterCustomObject: async ({ name }: { name: string }) =>
        await Promise.resolve({
          spec:
            name !== `of-${ISSUER}` ? { selfSigned: {} } : this.outside ? { vault: {} } : { ca: { secretName: ROOT } },
        }),
      getNamespacedCustomObject: async ({ name }: { name: Name }) => {
        const found = this.certificates.get(name);
        if (!found) throw new KubernetesError({ kind: 'NotFound', request: 'test', message: 'not found' });
        return await Promise.resolve(structuredClone(found));
      },
      patchNamespacedCustomObjectStatus: async ({ name, body }: { name: Name; body: PatchOperation[] }) => {
        this.writes.push(`renew ${name}`);
        const conditions = body.find(({ path }) => path === '/status/conditions');
        const certificate = this.certificates.get(name);
        if (certificate && conditions && 'value' in conditions)
          certificate.status.conditions = conditions.value as Managed['status']['conditions'];
        if (!this.asleep) this.renew(name);
        return await Promise.resolve({});
      },
      deleteNamespacedCustomObject: async ({ name }: { name: string }) => {
        this.writes.push(`delete ${name}`);
        this.requests.delete(name.replace(/-1$/, '') as Name);
        return await Promise.resolve({});
      },
    };
    const { core, ...others } = super.k8s;
    const readNamespacedSecret = async (request: { name: string; namespace: string }) => {
      if (`Secret/${request.name}` === this.forbidden)
        throw new KubernetesError({ kind: 'Forbidden', request: 'test', message: 'forbidden' });
      return await core.readNamespacedSecret(request);
    };
    return { ...others, core: { ...core, readNamespacedSecret }, custom } as unknown as Kubernetes;
  }
}

function selfSigned(): { issued: Issued; chain: Certificate[]; ca: Certificate } {
  const issued = createRoot({ commonName: 'root.linkerd.cluster.local', validForMs: 365 * DAY_MS });
  return { issued, chain: [issued.certificate], ca: issued.certificate };
}

/** Every private key that the cluster has now. */
export function keysOf(cluster: CertManagerCluster): string[] {
  return [...cluster.objects.values()].flatMap(({ data = {} }) =>
    Object.values(data)
      .map((value) => decode(value))
      .filter((text) => text.includes('PRIVATE KEY')),
  );
}
