import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Event } from '@kubernetes/client-node';
import type { WorkflowHandle } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createKubernetes } from '../../src/kubernetes/client.js';
import { type Speaker, speaker, type SpeakerOptions } from '../../src/operate/speaker.js';
import { webhookAt, type WebhookBody } from '../../src/operate/webhook.js';
import type { Overview } from '../../src/rotation/overview.js';
import type { RotationReport } from '../../src/rotation/report.js';
import { readReport } from '../../src/records/report.js';
import { approve, expectNoRefusal, type OwnMesh, ownMesh } from '../integration/own-mesh.js';
import { eventually, reportOf, ROTATION_MS, statusOf, statusWhere } from '../integration/support.js';

/** Several workers that look at one cluster, with the worker's own rights, and a chat that receives what they say. */

const received: WebhookBody[] = [];
const paths = new Set<string>();
let isAway = false;
const chat = createServer((request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => (body += part.toString()));
  request.on('end', () => {
    if (isAway) return response.writeHead(404).end();
    paths.add(request.url ?? '');
    received.push(JSON.parse(body) as WebhookBody);
    return response.end('ok');
  });
});
const SECRET = '/services/T00000000/B00000000/notToBeSeen';

let mesh: OwnMesh;
let lines = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve));
  mesh = await ownMesh();
});
afterEach(async () => {
  received.length = 0;
  isAway = false;
  await mesh.endRotations();
});
afterAll(async () => {
  await mesh.stop();
  chat.closeAllConnections();
  chat.close();
});

/** A process of its own, as far as it knows. */
function replica(options: Partial<SpeakerOptions> = {}): Speaker {
  const { port } = chat.address() as AddressInfo;
  return speaker({
    k8s: createKubernetes({ kubeconfig: mesh.sandbox.kubeconfig }),
    log: pino({ level: 'trace' }, { write: (line: string) => (lines += line) }),
    webhook: webhookAt({ url: `http://127.0.0.1:${port}${SECRET}` }),
    ...options,
  });
}

const empty = (): Overview => ({
  at: new Date().toISOString(),
  cluster: 'test',
  apiServer: mesh.k8s.server,
  version: '0.0.0',
  linkerdNamespace: 'linkerd',
  timeline: [],
  certificates: [],
  problems: [],
});

/** What a worker gathers: here what the rotation and its report say. */
async function overview(handle: WorkflowHandle): Promise<Overview> {
  const status = await statusOf(handle);
  const report = (await readReport(mesh.k8s, 'linkerd')) as unknown as RotationReport;
  const rotation = { workflowId: handle.workflowId, runId: 'run', status };
  const isReported = report.workflowId === handle.workflowId;
  return { ...empty(), ...(isReported ? { report } : { rotation }) };
}

async function events(): Promise<CoreV1Event[]> {
  const { items } = await mesh.k8s.core.listNamespacedEvent({ namespace: 'linkerd' });
  return items.filter(({ source }) => source?.component === 'reroot');
}

const reasonsOf = (found: readonly (string | undefined)[]) =>
  found.toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));

it('a rotation is told once by two workers that look at the same moment, as Events and as messages', async () => {
  const workers = [replica(), replica()];
  const handle = await mesh.start({ strategy: 'standard' });
  const over = new AbortController();
  const looks = workers.map(async ({ tell }) => {
    while (!over.signal.aborted) {
      const seen = await overview(handle).catch(() => undefined); // its worker may be busy
      if (seen) await tell(seen);
      await sleep(500);
    }
  });
  const told = async (reason: string) =>
    await eventually(reason, async () => received.find(({ reroot }) => reroot.reason === reason), ROTATION_MS);
  const asked = await told('ApprovalRequired');
  const { waiting } = await statusWhere(handle, 'the question', (status) => status.waiting?.kind === 'approval');
  await approve(handle, waiting?.planHash);
  await told('PointOfNoReturnPassed');
  expect((await reportOf(handle)).outcome).toBe('completed');
  await told('RotationCompleted');
  await sleep(1000); // whoever would say it again had the time
  over.abort();
  await Promise.all(looks);

  const all = ['ApprovalRequired', 'PointOfNoReturnPassed', 'RotationCompleted', 'RotationStarted'];
  const found = await events();
  expect(reasonsOf(found.map(({ reason }) => reason))).toEqual(all);
  expect(reasonsOf(received.map(({ reroot }) => reroot.reason))).toEqual(all);
  const { metadata } = await mesh.k8s.apps.readNamespacedDeployment({ name: 'linkerd-identity', namespace: 'linkerd' });
  for (const { involvedObject, metadata: of, message } of found) {
    expect(involvedObject).toMatchObject({ kind: 'Deployment', name: 'linkerd-identity', uid: metadata?.uid });
    expect(of.annotations).toHaveProperty(['reroot.dev/sent']);
    expect(received.map(({ reroot }) => reroot.message)).toContain(message);
  }
  expect(asked.reroot).toMatchObject({
    cluster: 'test',
    workflowId: handle.workflowId,
    phase: 'approve',
    type: 'Normal',
  });
  expect(asked.text).toContain(waiting?.planHash);

  // a worker that starts now sees the Events
  await replica().tell(await overview(handle));
  expect(received).toHaveLength(all.length);
  expect(JSON.stringify([received, found])).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
  expect([...paths]).toEqual([SECRET]);
  expect(`${lines}${JSON.stringify(found)}`).not.toContain('notToBeSeen');
  await expectNoRefusal(mesh);
});

it('a message that the chat did not take is sent by another worker, once', async () => {
  let hours = 0;
  const elapsed = () => performance.now() + hours * 3_600_000;
  const workers = [replica({ elapsed }), replica({ elapsed }), replica({ elapsed })];
  const notAfter = new Date(Date.now() + 10 * 86_400_000).toISOString();
  const anchor = {
    kind: 'anchor' as const,
    fingerprint: 'ab'.repeat(32),
    commonName: 'root',
    notBefore: '2020-01-01T00:00:00Z',
    notAfter,
  };
  const ending = { ...empty(), certificates: [anchor] };
  isAway = true;
  await workers[0]?.tell(ending);
  isAway = false;
  await Promise.all(workers.map(async ({ tell }) => await tell(ending)));
  expect(received).toEqual([]);

  // two minutes later nobody has sent it
  const [event] = (await events()).filter(({ reason }) => reason === 'TrustAnchorExpiring');
  await mesh.k8s.core.patchNamespacedEvent({
    ...{ name: event?.metadata.name ?? '', namespace: 'linkerd' },
    body: [{ op: 'replace', path: '/metadata/annotations/reroot.dev~1sending', value: '2020-01-01T00:00:00Z' }],
  });
  hours = 0.5;
  await Promise.all(workers.map(async ({ tell }) => await tell(ending)));
  hours = 0.9;
  await Promise.all(workers.map(async ({ tell }) => await tell(ending)));
  expect(received.map(({ reroot }) => reroot.reason)).toEqual(['TrustAnchorExpiring']);
});

it("with the worker's rights no Event of others is changed, and none made in another's name", async () => {
  const k8s = createKubernetes({ kubeconfig: mesh.sandbox.kubeconfig });
  const [own] = await events();
  const namespace = 'linkerd';
  const body = (name: string) => ({
    metadata: { name, namespace },
    involvedObject: own?.involvedObject ?? {},
    reason: 'IssuerUpdated',
  });
  await mesh.k8s.core.createNamespacedEvent({ namespace, body: body('identity.1') });
  const refusal = (message: string) =>
    expect.objectContaining({ kind: 'Forbidden', message: expect.stringContaining(message) as string }) as unknown;
  const annotation = [{ op: 'add', path: '/metadata/annotations', value: { a: 'b' } }];
  await expect(k8s.core.patchNamespacedEvent({ name: 'identity.1', namespace, body: annotation })).rejects.toEqual(
    refusal('Events of its own'),
  );
  await expect(k8s.core.createNamespacedEvent({ namespace, body: body('identity.2') })).rejects.toEqual(
    refusal('Events of its own'),
  );
  const message = [{ op: 'replace', path: '/message', value: 'all is well' }];
  const name = own?.metadata.name ?? '';
  await expect(k8s.core.patchNamespacedEvent({ name, namespace, body: message })).rejects.toEqual(
    refusal('beside its metadata'),
  );
  await expect(
    k8s.core.createNamespacedEvent({
      namespace: 'default',
      body: { ...body('reroot.1'), metadata: { name: 'reroot.1' } },
    }),
  ).rejects.toMatchObject({ kind: 'Forbidden' });
});

it('without the right to write Events the messages come all the same', async () => {
  await mesh.k8s.rbac.deleteNamespacedRoleBinding({ name: 'reroot-events', namespace: 'linkerd' });
  lines = '';
  const notAfter = new Date(Date.now() + 5 * 86_400_000).toISOString();
  const anchor = {
    kind: 'anchor' as const,
    fingerprint: 'cd'.repeat(32),
    commonName: 'root',
    notBefore: '2020-01-01T00:00:00Z',
    notAfter,
  };
  const { tell } = replica();
  await eventually('the right to be gone', async () => {
    await tell({ ...empty(), certificates: [{ ...anchor, fingerprint: `${performance.now()}`.replace('.', '') }] });
    return lines.includes('deploy/rbac/events.yaml');
  });
  received.length = 0;
  for (let look = 0; look < 3; look += 1) await tell({ ...empty(), certificates: [anchor] });
  expect(received.map(({ reroot }) => reroot.key)).toEqual([expect.stringContaining(anchor.fingerprint)]);
  expect(lines.split('deploy/rbac/events.yaml')).toHaveLength(2);
});
