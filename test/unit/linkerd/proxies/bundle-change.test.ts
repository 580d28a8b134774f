import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { fieldChangedAt, startedWithBundle, untilCertain } from '../../../../src/linkerd/proxies/bundle-change.js';
import { readMeshedPod } from '../../../../src/linkerd/proxies/pods.js';

const at = (time: string) => new Date(`2026-01-01T${time}Z`);

describe('when the bundle changed', () => {
  const entry = (time: string, fieldsV1: object) => ({ manager: 'm', time: at(time), fieldsV1 });
  const bundle = { 'f:data': { '.': {}, 'f:ca-bundle.crt': {} } };
  it('is told by the newest writer of the bundle itself, not of labels', () => {
    const fields = [entry('10:00:00', bundle), entry('11:00:00', { 'f:metadata': { 'f:labels': {} } })];
    expect(fieldChangedAt(fields, 'ca-bundle.crt')).toEqual(at('10:00:00'));
    expect(fieldChangedAt([...fields, entry('10:30:00', bundle)], 'ca-bundle.crt')).toEqual(at('10:30:00'));
  });
  it('is not known without a record', () => {
    expect(fieldChangedAt([], 'ca-bundle.crt')).toBeUndefined();
    expect(fieldChangedAt([{ manager: 'm', fieldsV1: bundle }], 'ca-bundle.crt')).toBeUndefined();
    expect(fieldChangedAt([entry('10:00:00', { 'f:data': { 'f:other': {} } })], 'ca-bundle.crt')).toBeUndefined();
  });
});

describe('a container has the bundle of now', () => {
  it.each([
    ['started long before', '09:00:00', false],
    ['started in the same second', '10:00:00', false],
    ['started in the next second, by clocks that may differ', '10:00:01', false],
    ['started certainly later', '10:00:03', true],
  ])('%s', (_what, started, has) => expect(startedWithBundle(at(started), at('10:00:00'))).toBe(has));

  it('nothing is started before its start would prove that, and nobody waits longer, whatever the clocks say', () => {
    expect(untilCertain(at('10:00:00'), at('10:00:01'))).toBe(2000);
    expect(untilCertain(at('10:00:00'), at('11:00:00'))).toBe(0);
    expect(untilCertain(at('10:00:00'), at('09:00:00'))).toBe(3000);
  });
});

describe('a pod of the control plane', () => {
  const variable = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';
  const pod = (env: object): V1Pod => ({
    metadata: { name: 'linkerd-destination-1', namespace: 'linkerd' },
    spec: { containers: [{ name: 'linkerd-proxy', env: [{ name: variable, ...env }] }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'linkerd-proxy',
          image: 'i',
          imageID: '',
          ready: true,
          restartCount: 2,
          state: { running: { startedAt: at('10:00:00') } },
        },
      ],
    },
  });
  it('takes its anchors from the bundle as of its start', () => {
    const reference = {
      valueFrom: { configMapKeyRef: { name: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' } },
    };
    expect(readMeshedPod(pod(reference))).toMatchObject({ anchorsFromBundle: true, startedAt: at('10:00:00') });
    expect(readMeshedPod(pod({ value: 'PEM' }))).toMatchObject({ anchorsFromBundle: false, literalAnchors: 'PEM' });
  });
});
