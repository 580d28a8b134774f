import { describe, it } from 'vitest';
import { type Case, type ExpectedFinding, holds, ROOT_EXPIRED } from './support.js';

describe('linkerdUndetected', () => {
  it.each<Case>([
    { name: 'finds nothing when Linkerd was detected', observed: { undetected: undefined }, finds: [] },
    {
      name: 'blocks with the reason, the message and the hint of the detection',
      observed: {
        undetected: { reason: 'LinkerdNotFound', message: 'no control plane was found', hint: 'say where' },
      },
      finds: [
        {
          reason: 'LinkerdNotFound',
          severity: 'block',
          subject: 'cluster',
          says: ['no control plane was found'],
          hint: 'say where',
        },
      ],
    },
  ])('$name', holds);
});

describe('controlPlaneWaived', () => {
  const of = (...subjects: string[]) => ({ waivers: subjects.map((subject) => ({ subject, reason: 'r' })) });
  const finding = (subject: string): ExpectedFinding => ({
    reason: 'ControlPlaneWaived',
    severity: 'block',
    subject: 'input waive',
    says: [subject],
    hint: 'repair it',
  });
  it.each<Case>([
    {
      name: 'finds nothing in other namespaces, whatever they begin with',
      observed: of('shop', 'linkerd-viz'),
      finds: [],
    },
    {
      name: 'blocks what goes on without the control plane, or a part of it',
      observed: of('linkerd', 'shop', 'linkerd/Deployment/linkerd-identity'),
      finds: [finding('linkerd'), finding('linkerd/Deployment/linkerd-identity')],
    },
  ])('$name', holds);
});

describe('controlPlaneNotReady', () => {
  const notReady = (ready: number, wanted: number): ExpectedFinding => ({
    reason: 'ControlPlaneNotReady',
    severity: 'block',
    subject: 'linkerd/Deployment/linkerd-identity',
    says: [`${ready} of ${wanted} replicas`],
    hint: 'repair it first',
  });
  const identity = (ready: number, wanted: number) => ({
    deployments: [
      { name: 'linkerd-identity', ready, wanted },
      { name: 'linkerd-proxy-injector', ready: 1, wanted: 1 },
    ],
  });
  it.each<Case>([
    { name: 'finds nothing when every replica is ready', observed: identity(3, 3), finds: [] },
    {
      name: 'finds nothing when more are ready than wanted: it is being scaled down',
      observed: identity(3, 1),
      finds: [],
    },
    { name: 'blocks when a replica is not ready', observed: identity(2, 3), finds: [notReady(2, 3)] },
    { name: 'blocks when it is scaled to zero', observed: identity(0, 0), finds: [notReady(0, 0)] },
    {
      name: 'warns in a recovery, which repairs it',
      observed: { ...identity(0, 1), recovery: 'root' },
      finds: [{ ...notReady(0, 1), severity: 'warn' }, ROOT_EXPIRED],
    },
  ])('$name', holds);
});

describe('injectionBroken', () => {
  it.each<Case>([
    {
      name: 'finds nothing when a dry run came back injected',
      observed: { rehearsal: { namespace: 'shop' } },
      finds: [],
    },
    { name: 'finds nothing when no dry run was made', observed: { rehearsal: undefined }, finds: [] },
    {
      name: 'blocks when a dry run came back wrong, with the namespace and the problem',
      observed: { rehearsal: { namespace: 'shop', problem: 'the pod has no proxy' } },
      finds: [
        {
          reason: 'InjectionBroken',
          severity: 'block',
          subject: 'linkerd-proxy-injector',
          says: ['namespace shop', 'the pod has no proxy'],
          hint: "the webhook's certificate",
        },
      ],
    },
    {
      name: 'only warns when no namespace takes one, in the words of what refuses',
      observed: { rehearsal: { namespace: 'shop', refused: 'images come from registry.corp' } },
      finds: [
        {
          reason: 'RehearsalRefused',
          severity: 'warn',
          subject: 'linkerd-proxy-injector',
          says: ['namespace shop: images come from registry.corp'],
          hint: 'rolls one workload of each namespace first',
        },
      ],
    },
  ])('$name', holds);
});

describe('injectorMayBeSkipped', () => {
  it.each<Case>([
    { name: 'finds nothing when the webhook has to answer', observed: { webhookFailurePolicy: 'Fail' }, finds: [] },
    { name: 'finds nothing when there is no webhook', observed: { webhookFailurePolicy: undefined }, finds: [] },
    {
      name: 'warns when pods are created without the webhook',
      observed: { webhookFailurePolicy: 'Ignore' },
      finds: [
        {
          reason: 'WebhookFailureIgnored',
          severity: 'warn',
          subject: 'linkerd-proxy-injector',
          says: ['failurePolicy', 'without a proxy'],
          hint: 'dry runs',
        },
      ],
    },
  ])('$name', holds);
});
