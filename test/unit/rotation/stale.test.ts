import { expect, it } from 'vitest';
import { staleOf } from '../../../src/rotation/stale.js';

const proxy = (namespace: string, ...anchors: string[]) => ({ namespace, anchors });

it('counts those that lack an anchor of the bundle or hold another, by namespace; not those of which nobody knows', () => {
  const proxies = [
    proxy('web', 'a', 'b'),
    proxy('web', 'b', 'a'),
    proxy('web', 'a'),
    proxy('shop', 'a', 'b', 'c'),
    proxy('shop'),
    { namespace: 'shop' },
    proxy('pay', 'a', 'b'),
  ];
  expect(staleOf(proxies, ['a', 'b'])).toEqual([
    { namespace: 'shop', proxies: 2 },
    { namespace: 'web', proxies: 1 },
  ]);
});
