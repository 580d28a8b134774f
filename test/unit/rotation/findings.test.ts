import { describe, expect, it } from 'vitest';
import { blocking, type Finding, formatFinding, isWaived, type Subject } from '../../../src/rotation/findings.js';

const finding: Finding = {
  reason: 'InventedReason',
  severity: 'block',
  message: 'it is broken',
  subject: { kind: 'workload', name: 'shop/Deployment/web' },
};

describe('isWaived', () => {
  const waivers = [{ subject: 'shop', reason: 'known' }];
  const web: Subject = { kind: 'workload', name: 'shop/Deployment/web' };
  it.each<[string, Subject, boolean]>([
    ['a workload of a waived namespace', web, true],
    ['a pod of a waived namespace', { kind: 'pod', name: 'shop/Pod/web-1' }, true],
    ['the namespace itself', { kind: 'namespace', name: 'shop' }, true],
    ['not one of a namespace whose name begins the same', { kind: 'workload', name: 'shop-2/Deployment/web' }, false],
    ['not an object', { kind: 'object', name: 'shop/Secret/x' }, false],
    ['not the cluster', { kind: 'cluster', name: 'shop' }, false],
  ])('%s', (_what, subject, waived) => expect(isWaived(subject, waivers)).toBe(waived));
  it('of a workload covers nothing that begins with its name', () => {
    const name = 'shop/Deployment/web/another';
    expect(isWaived({ kind: 'workload', name }, [{ subject: 'shop/Deployment/web', reason: 'known' }])).toBe(false);
  });
  it('covers one workload by its name, and no other', () => {
    const one = [{ subject: 'shop/Deployment/web', reason: 'known' }];
    expect(isWaived(web, one)).toBe(true);
    expect(isWaived({ kind: 'workload', name: 'shop/Deployment/web-2' }, one)).toBe(false);
  });
});

describe('blocking', () => {
  it('leaves warnings out', () => {
    expect(blocking([finding, { ...finding, severity: 'warn' }])).toEqual([finding]);
  });
});

describe('formatFinding', () => {
  it('says what, where and what to do in one line', () => {
    expect(formatFinding({ ...finding, hint: 'repair it' })).toBe(
      'InventedReason: shop/Deployment/web: it is broken (repair it)',
    );
  });
  it('names no place when it is the whole cluster', () => {
    expect(formatFinding({ ...finding, subject: { kind: 'cluster', name: 'cluster' } })).toBe(
      'InventedReason: it is broken',
    );
  });
});
