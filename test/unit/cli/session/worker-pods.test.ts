import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { chosenPod } from '../../../../src/cli/session/worker-pods.js';

interface Made {
  ready?: boolean;
  created?: string;
  leaving?: boolean;
  ports?: { name?: string; containerPort: number }[];
}

function pod(name: string, { ready = true, created = '2026-11-30T17:00:00Z', leaving, ports = [] }: Made = {}): V1Pod {
  return {
    metadata: { name, creationTimestamp: new Date(created), ...(leaving ? { deletionTimestamp: new Date() } : {}) },
    spec: { containers: [{ name: 'worker', ports }] },
    status: { phase: ready ? 'Running' : 'Pending', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

describe('the worker whose page is shown', () => {
  it.each([
    [
      'is the oldest that is ready',
      [
        pod('b', { created: '2026-11-30T17:05:00Z' }),
        pod('a'),
        pod('c', { ready: false, created: '2026-11-30T16:00:00Z' }),
      ],
      'a',
    ],
    [
      'is none that is on its way out',
      [pod('a', { leaving: true }), pod('b', { created: '2026-11-30T17:05:00Z' })],
      'b',
    ],
  ])('%s', (_what, pods, name) => {
    expect(chosenPod(pods, 'reroot')).toEqual({ namespace: 'reroot', name, port: 8080 });
  });

  it('is reached at the port that is named http', () => {
    const ports = [
      { name: 'metrics', containerPort: 9090 },
      { name: 'http', containerPort: 8123 },
    ];
    expect(chosenPod([pod('a', { ports })], 'reroot')).toMatchObject({ port: 8123 });
  });

  it('is missed in words', () => {
    expect(chosenPod([], 'tools')).toEqual({
      none: 'namespace tools has no pod with label app.kubernetes.io/name=reroot',
    });
    expect(chosenPod([pod('a', { ready: false })], 'tools')).toEqual({
      none: 'no worker in namespace tools is ready: a (Pending)',
    });
  });
});
