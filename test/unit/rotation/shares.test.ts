import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GateResult } from '../../../src/rotation/payloads.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { isOfShare, mergeShares, SHOWN_FINDINGS } from '../../../src/rotation/shares.js';

const finding = (name: string, reason = 'LeafUnknown'): Finding => ({
  ...{ reason, severity: 'block', message: `${name} cannot be read` },
  subject: { kind: 'pod', name },
});
const result = (change: Partial<GateResult> = {}): GateResult => ({
  ...{ passed: true, proxies: 10, proven: 10, waived: 0, namespaces: [], reverted: [], findings: [] },
  ...change,
});

describe('a share of the pods', () => {
  it('has each pod in one share and no other', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 16 }), (uid, of) => {
        const shares = Array.from({ length: of }, (_, index) => isOfShare(uid, { index, of }));
        expect(shares.filter(Boolean)).toHaveLength(1);
      }),
    );
  });
  it('is the same whenever it is asked for', () => {
    const uid = '5f0c1d1e-7f1a-4b53-9a63-3a2f60d5c001';
    expect([0, 1, 2].filter((index) => isOfShare(uid, { index, of: 3 }))).toEqual([0]);
  });
  it.each([2, 3, 8])('has about as many as the others: one of %i', (of) => {
    const uids = Array.from({ length: 10_000 }, () => randomUUID());
    for (let index = 0; index < of; index += 1) {
      const size = uids.filter((uid) => isOfShare(uid, { index, of })).length;
      expect(Math.abs(size - 10_000 / of)).toBeLessThan(500);
    }
  });
});

describe('shares together', () => {
  it('pass when each does, and add up', () => {
    expect(mergeShares([result(), result({ proxies: 5, proven: 4, waived: 1 })], 'linkerd')).toEqual(
      result({ proxies: 15, proven: 14, waived: 1 }),
    );
  });
  it('do not pass when one does not', () => {
    const short = result({ passed: false, proven: 9, findings: [finding('shop/web-1')] });
    expect(mergeShares([result(), short], 'linkerd')).toMatchObject({ passed: false, proxies: 20, proven: 19 });
    expect(mergeShares([short, result()], 'linkerd').findings).toEqual(short.findings);
  });
  it('do not pass where nothing was looked at', () => {
    expect(mergeShares([], 'linkerd')).toMatchObject({ passed: false, proxies: 0 });
  });
  it("name each namespace once, Linkerd's own first, with all that fall short in it", () => {
    const one = result({ namespaces: [{ name: 'shop', outdated: 2 }] });
    const other = result({
      namespaces: [
        { name: 'linkerd', outdated: 1 },
        { name: 'shop', outdated: 3 },
      ],
    });
    expect(mergeShares([one, other], 'linkerd').namespaces).toEqual([
      { name: 'linkerd', outdated: 1 },
      { name: 'shop', outdated: 5 },
    ]);
  });
  it('name as many as there is room for, and count the others', () => {
    const names = (from: number) =>
      Array.from({ length: 800 }, (_, at) => ({ name: `namespace-${from + at}-${'x'.repeat(40)}`, outdated: 1 }));
    const shares = [result({ namespaces: names(0), namespacesOmitted: 7 }), result({ namespaces: names(800) })];
    const { namespaces, namespacesOmitted = 0 } = mergeShares(shares, 'linkerd');
    expect(namespaces.length + namespacesOmitted).toBe(1607);
    expect(Buffer.byteLength(JSON.stringify(namespaces))).toBeLessThan(64_000);
  });
  it('name some findings, of each reason one at least', () => {
    const many = (of: string) => Array.from({ length: 20 }, (_, at) => finding(`shop/${of}-${at}`));
    const shares = [
      result({ findings: many('web') }),
      result({ findings: [...many('api'), finding('pay/api-1', 'ProxyUnreadable')] }),
    ];
    const { findings } = mergeShares(shares, 'linkerd');
    expect(findings).toHaveLength(SHOWN_FINDINGS);
    expect(findings.some(({ reason }) => reason === 'ProxyUnreadable')).toBe(true);
  });
});
