import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANCHOR_CERTIFICATE,
  CERT_MANAGER_NAMESPACE,
  cliProgram,
  type Sandbox,
  sandboxEnvironment,
  startSandbox,
} from '../../sandbox/kit/index.js';
import { createKubernetes, type Kubernetes } from '../../src/kubernetes/client.js';
import type { PreflightResult } from '../../src/rotation/payloads.js';
import { BUILDING_MS } from './own-mesh.js';
import { add, type Attempt, client, CORE, LINKERD, replace } from './rights/client.js';

const CERTIFICATES = (namespace: string) => `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`;
const REQUESTS = (namespace: string) => `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests`;
const TRUST = `${CORE}/${CERT_MANAGER_NAMESPACE}`;

describe('an install that cert-manager owns', () => {
  let sandbox: Sandbox;
  let k8s: Kubernetes;
  beforeAll(async () => {
    sandbox = await startSandbox({ certManager: {}, apps: 'small', kubeletLagMs: 500 });
    k8s = createKubernetes({ kubeconfig: sandbox.adminKubeconfig });
  }, BUILDING_MS);
  afterAll(async () => await sandbox.stop());

  const look = async (...args: string[]): Promise<PreflightResult> => {
    const ran = promisify(execFile)(process.execPath, [cliProgram(), 'preflight', '-o', 'json', ...args], {
      env: { ...sandboxEnvironment(sandbox), NO_COLOR: '1' },
      maxBuffer: 10_000_000,
    });
    const { stdout } = await ran.catch((error: unknown) => error as { stdout: string });
    return JSON.parse(stdout) as PreflightResult;
  };
  const reasons = ({ findings }: PreflightResult) =>
    findings.map(({ severity, reason }) => `${severity} ${reason}`).toSorted();

  it('is not refused, and preflight says who owns what', async () => {
    const result = await look();
    expect(reasons(result).filter((reason) => reason.startsWith('block'))).toEqual([]);
    expect(result.owners).toEqual({
      bundle: {
        kind: 'certManager',
        who: 'cert-manager and trust-manager (Bundle linkerd-identity-trust-roots, from Secrets cert-manager/linkerd-trust-anchor and cert-manager/linkerd-previous-anchor)',
      },
      issuer: {
        kind: 'certManager',
        who: 'cert-manager (Certificate linkerd/linkerd-identity-issuer, signed by ClusterIssuer linkerd-identity-issuer)',
      },
    });
    expect(result.plan.owners?.[0]).toContain('bundle: cert-manager and trust-manager');
  });

  it('is handed off where the input says so, and what cannot be is refused', async () => {
    const handedOff = await look('--bundle-owner', 'handOff', '--issuer-owner', 'handOff');
    expect(handedOff.owners).toMatchObject({ bundle: { kind: 'handOff' }, issuer: { kind: 'handOff' } });
    expect(reasons(handedOff).filter((reason) => reason.startsWith('block'))).toEqual([]);
    expect(reasons(await look('--bundle-owner', 'handOff'))).toContain('block OwnerUnfit');
    expect(reasons(await look('--issuer-owner', 'reroot', '--bundle-owner', 'reroot'))).toContain(
      'block AnotherWriter',
    );
  });

  it('lets the worker renew its two Certificates and write their Secrets, and nothing else of cert-manager', async () => {
    const worker = client(sandbox.kubeconfig);
    const attempt = (what: string, method: Attempt['method'], path: string, body?: Attempt['body']): Attempt => ({
      what,
      method,
      path,
      ...(body ? { body } : {}),
    });
    const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'x' };
    const anchor = `${CERTIFICATES(CERT_MANAGER_NAMESPACE)}/${ANCHOR_CERTIFICATE}`;
    const issuer = `${CERTIFICATES('linkerd')}/linkerd-identity-issuer`;
    const at = { lastTransitionTime: '2026-01-01T00:00:00Z' };
    const { items } = (await k8s.custom.listNamespacedCustomObject({
      ...{ group: 'cert-manager.io', version: 'v1', plural: 'certificaterequests', namespace: 'linkerd' },
    })) as { items: { metadata: { name: string } }[] };
    const request = `${REQUESTS('linkerd')}/${items[0]?.metadata.name ?? ''}`;
    const other = await anotherRequest(k8s);
    const allowed = [
      attempt('renew the root', 'PATCH', `${anchor}/status`, [add('/status/conditions/-', { ...issuing, ...at })]),
      attempt('renew the issuer', 'PATCH', `${issuer}/status`, [add('/status/conditions/-', { ...issuing, ...at })]),
      attempt('forget a request of the issuer', 'DELETE', request),
      attempt('the root', 'PATCH', `${TRUST}/secrets/linkerd-trust-anchor`, [replace('/data/tls.crt', 'AA==')]),
      attempt('the one before', 'PATCH', `${TRUST}/secrets/linkerd-previous-anchor`, [
        replace('/data/tls.key', 'AA=='),
      ]),
      attempt('the issuer', 'PATCH', `${LINKERD}/secrets/linkerd-identity-issuer`, [replace('/data/tls.crt', 'AA==')]),
    ];
    const answers = await Promise.all(allowed.map(async (one) => await worker(one, { dryRun: true })));
    expect(
      answers.map(({ status, message }, index) => `${allowed[index]?.what}: ${status} ${status < 300 ? '' : message}`),
    ).toEqual(allowed.map(({ what }) => `${what}: 200 `));
    const refused = [
      attempt('a spec', 'PATCH', anchor, [replace('/spec/duration', '1h')]),
      attempt('a revision', 'PATCH', `${anchor}/status`, [replace('/status/revision', 7)]),
      attempt('another condition', 'PATCH', `${anchor}/status`, [replace('/status/conditions/0/status', 'False')]),
      attempt('a request of somebody else', 'DELETE', other),
      attempt('a Certificate gone', 'DELETE', issuer),
      attempt('an approval', 'PATCH', `${request}/approval`, []),
      attempt('all Secrets of cert-manager', 'GET', `${TRUST}/secrets`),
      attempt('a Secret with a key beside', 'PATCH', `${TRUST}/secrets/linkerd-trust-anchor`, [
        add('/data/evil', 'AA=='),
      ]),
      attempt('a label', 'PATCH', `${TRUST}/secrets/linkerd-previous-anchor`, [add('/metadata/labels/evil', 'x')]),
      attempt('a Bundle', 'DELETE', '/apis/trust.cert-manager.io/v1alpha1/bundles/linkerd-identity-trust-roots'),
    ];
    const denied = await Promise.all(refused.map(async (one) => await worker(one, { dryRun: one.method !== 'GET' })));
    expect(
      denied.map(({ status, message }, index) => `${refused[index]?.what}: ${status} ${status === 403 ? '' : message}`),
    ).toEqual(refused.map(({ what }) => `${what}: 403 `));
  });

  it('is refused where the rights to drive it are missing, with the file that grants them', async () => {
    await k8s.rbac.deleteNamespacedRoleBinding({ name: 'reroot-cert-manager', namespace: CERT_MANAGER_NAMESPACE });
    const { findings } = await look();
    const [missing] = findings.filter(({ reason }) => reason === 'PermissionMissing');
    expect(JSON.stringify(findings)).toContain('deploy/rbac/cert-manager-renew.yaml');
    expect(missing?.severity).toBe('block');
    // to look at the plan needs no right to write
    const handedOff = await look('--bundle-owner', 'handOff', '--issuer-owner', 'handOff');
    expect(reasons(handedOff).filter((reason) => reason.startsWith('block'))).toEqual([]);
  });
});

/** @returns its path */
async function anotherRequest(k8s: Kubernetes): Promise<string> {
  const body = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: 'unrelated',
      namespace: 'linkerd',
      annotations: { 'cert-manager.io/certificate-name': 'unrelated' },
    },
    spec: { request: 'AA==', issuerRef: { name: 'nobody' } },
  };
  const resource = { group: 'cert-manager.io', version: 'v1', plural: 'certificaterequests', namespace: 'linkerd' };
  await k8s.custom.createNamespacedCustomObject({ ...resource, body });
  return `${REQUESTS('linkerd')}/unrelated`;
}
