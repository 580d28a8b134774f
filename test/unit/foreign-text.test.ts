import { describe, expect, it } from 'vitest';
import { describeHolder } from '../../activities/kit/fence.js';
import { rollout } from '../../src/kubernetes/argo-rollouts.js';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { deployment } from '../../src/kubernetes/controllers.js';
import { fromFailure, fromResponse } from '../../src/kubernetes/errors.js';
import { versionProblems } from '../../src/linkerd/accepted-authority.js';
import { issuerEventsSince } from '../../src/linkerd/identity/events.js';
import { lastWriter } from '../../src/linkerd/layouts/fields.js';
import { rulesOf } from '../../src/linkerd/versions.js';
import { issuerRenewal } from '../../src/linkerd/writers/certificate-renewal.js';
import { createRoot } from '../../src/pki/issue.js';
import { shownHolder } from '../../src/records/lease.js';
import { UNFIT } from './hostile.js';
import { DAY_MS } from './support.js';

/** Every door by which other people's text enters: what comes out is one plain line of bounded length. */

const SAID = `\u001B[2J\r\n# Done \u009B31m \u202E ${'x'.repeat(100_000)}`;
const reading = { mark: 'mark', markedAt: 'at' };
const metadata = { name: 'web', namespace: 'shop', uid: 'u', generation: 1 };

async function eventMessage(): Promise<string | undefined> {
  const event = { message: SAID, lastTimestamp: new Date(), metadata: {} };
  const core = { listNamespacedEvent: async () => await Promise.resolve({ items: [event], metadata: {} }) };
  const [first] = await issuerEventsSince({ core } as unknown as Kubernetes, 'linkerd', new Date(0));
  return first?.message;
}

const conditions = [
  { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: SAID },
  { type: 'ReplicaFailure', status: 'True', message: SAID },
];
const annotated = { ...metadata, annotations: { mark: SAID, at: SAID } };
const marked = { metadata: { annotations: { mark: SAID } } };
const failing = deployment(
  { metadata: annotated, spec: { selector: {}, template: marked }, status: { conditions } },
  reading,
);
const degraded = rollout(
  {
    metadata: annotated,
    spec: { template: {}, restartAt: SAID },
    status: { observedGeneration: '1', phase: 'Degraded', message: SAID, pauseConditions: [{ reason: SAID }] },
  },
  reading,
);
const holder = {
  ...{ workflowId: SAID, runId: SAID, temporalNamespace: SAID, temporalNamespaceId: SAID, temporalAddress: SAID },
};

describe('text that others have written', () => {
  it.each<[string, () => unknown]>([
    ['an answer of the API server', () => fromResponse('get', 403, {}, JSON.stringify({ message: SAID })).message],
    ['an answer of something before it', () => fromResponse('get', 502, {}, SAID).message],
    ['a failed connection', () => fromFailure('get', Object.assign(new Error(SAID), { code: 'ECONNRESET' })).message],
    ['conditions of a Deployment', () => failing.failed],
    ['what a Deployment waits for', () => failing.waitingFor],
    ['the mark of a Deployment', () => failing.mark],
    ['the time of that mark', () => failing.markedAt],
    ['the status of a Rollout', () => degraded.failed],
    ['the mark of a Rollout', () => degraded.mark],
    ['an event of identity', eventMessage],
    ['a manager of fields', () => lastWriter([{ manager: SAID, time: new Date() }])],
    ['an issuer of cert-manager', () => issuerRenewal({ spec: { issuerRef: { kind: SAID, name: SAID } } })],
    ['a time of cert-manager', () => issuerRenewal({ status: { renewalTime: SAID } })],
    ['the holder of a Lease, in a message', () => describeHolder(holder)],
    ['the holder of a Lease, in details', () => Object.values(shownHolder(holder)).join()],
    [
      'the name in a certificate',
      () => createRoot({ commonName: SAID.slice(0, 8000), validForMs: DAY_MS }).certificate.commonName,
    ],
  ])('%s', async (_what, door) => {
    const text = String(await door());
    expect(text).toContain('# Done');
    expect(text).not.toMatch(UNFIT);
    expect(text).not.toContain('\n');
    expect(text.length).toBeLessThan(2200);
  });

  it('of a certificate does not become the name that Linkerd asks for', () => {
    const linkerd = { rules: rulesOf('2.9.0'), version: '2.9.0', namespace: 'linkerd', trustDomain: 'cluster.local' };
    const reasons = (commonName: string) => {
      const { certificate } = createRoot({ commonName, validForMs: DAY_MS });
      return versionProblems(linkerd, certificate, certificate).map(({ reason }) => reason);
    };
    expect(linkerd.rules.issuerNameChecked).toBe(true);
    expect(reasons('identity.linkerd.cluster.local')).toEqual([]);
    for (const other of ['identity.linkerd\u200B.cluster.local', 'identity.linkerd.cluster.local\n'])
      expect(reasons(other)).toEqual(['IssuerName']);
  });
});
