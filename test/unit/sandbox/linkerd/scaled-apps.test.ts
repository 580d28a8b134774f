import { describe, expect, it } from 'vitest';
import { NODES } from '../../../../sandbox/cluster/objects.js';
import { appObjects, meshedPodCount } from '../../../../sandbox/linkerd/apps.js';
import { scaledApps } from '../../../../sandbox/linkerd/scaled-apps.js';

const figures = (pods: number) => {
  const apps = scaledApps(pods);
  const sizes = new Map<string, number>();
  for (const { namespace } of apps) sizes.set(namespace, (sizes.get(namespace) ?? 0) + 1);
  return { workloads: apps.length, namespaces: sizes.size, biggest: Math.max(...sizes.values()) };
};

describe('a mesh of a given size', () => {
  it.each([50, 200, 1000, 3000, 10_000])('has exactly %d meshed pods', (pods) => {
    expect(meshedPodCount(`scale:${pods}`, NODES)).toBe(pods);
  });

  it('has about ten pods a workload, and namespaces of unequal size that grow slower than its pods', () => {
    expect([1000, 3000, 10_000].map(figures)).toEqual([
      { workloads: 103, namespaces: 14, biggest: 18 },
      { workloads: 305, namespaces: 26, biggest: 37 },
      { workloads: 1010, namespaces: 53, biggest: 73 },
    ]);
  });

  it('is the same mesh each time, all of it meshed, with three kinds of workloads', () => {
    const objects = appObjects('scale:300');
    expect(appObjects('scale:300')).toEqual(objects);
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(
      new Set(['Namespace', 'ServiceAccount', 'Deployment', 'StatefulSet', 'DaemonSet']),
    );
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
    expect(namespaces.filter(({ metadata }) => metadata.annotations?.['linkerd.io/inject'] !== 'enabled')).toEqual([]);
  });

  it('names no two of its workloads alike', () => {
    const names = scaledApps(10_000).map(({ namespace, name }) => `${namespace}/${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
