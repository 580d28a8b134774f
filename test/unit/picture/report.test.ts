import { describe, expect, it } from 'vitest';
import { type ReportDocument, renderReport } from '../../../src/picture/report.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { all, type Element, named, parse, text } from './markup.js';
import { completed, fingerprint } from './overviews.js';

const EVIL = '<img src=x onerror=alert(1)>';

function documentOf(report: Partial<RotationReport> = {}, more: Partial<ReportDocument> = {}): ReportDocument {
  const { overview } = completed();
  if (!overview.report) throw new Error('the scene has no report');
  return {
    report: { ...overview.report, ...report },
    overview,
    checks: [{ what: 'every byte is as it was written', passed: true, problems: [] }],
    proxies: [],
    compared: 'The digest matches the result of the workflow.',
    ...more,
  };
}

const drawn = (document: ReportDocument): Element => parse(renderReport(document));
const sectionOf = (document: ReportDocument, title: string): string => {
  const found = named(drawn(document), 'section').find((one) => text(named(one, 'h2')[0]) === title);
  return text(found);
};

const proxy = {
  ...{ namespace: 'shop', workload: 'Deployment/web', pod: 'web-1', uid: 'uid-1', how: 'looked at' },
  ...{
    anchors: [fingerprint('root')],
    chain: [fingerprint('leaf'), fingerprint('issuer')],
    at: '2026-11-30T18:00:00Z',
  },
};

describe('the report as a document', () => {
  it('says who has asked, approved and waived, and who has sent it', () => {
    const sender = { identity: '1@laptop', principal: 'jane@example.com' };
    const word = { at: '2026-11-30T17:26:00Z', claimedBy: 'Jane', reason: 'CHG-7', sender };
    const document = documentOf({
      startedBy: sender,
      approvals: [{ phase: 'retire', planHash: 'abc', ...word }],
      waivers: [{ subject: 'shop/Deployment/old', gate: 'trust', ...word, reason: 'goes on Monday' }],
    } as unknown as Partial<RotationReport>);
    expect(sectionOf(document, 'The record')).toContain('by jane@example.com (client 1@laptop)');
    expect(sectionOf(document, 'Approved')).toContain(
      'retire at 2026-11-30T17:26:00Z, plan abc, by Jane, sent by jane@example.com (client 1@laptop): CHG-7',
    );
    expect(sectionOf(document, 'Waived')).toContain('shop/Deployment/old (trust): goes on Monday, by Jane');
  });

  it('has every proxy, with its workload, its uid, its anchors and its chain', () => {
    const said = sectionOf(documentOf({}, { proxies: [proxy] }), 'Proxies at the end');
    for (const part of ['shop', 'Deployment/web', 'web-1', 'uid-1', 'looked at', proxy.at])
      expect(said).toContain(part);
    for (const one of [...proxy.anchors, ...proxy.chain]) expect(said).toContain(one.slice(0, 12));
  });

  it('says what does not hold, and why', () => {
    const checks = [{ what: 'no chain is under an old root', passed: false, problems: ['shop/web-1 is'] }];
    const said = sectionOf(documentOf({}, { checks, compared: 'The digest differs.' }), 'Verified');
    expect(said).toContain('✖ It does not hold that no chain is under an old root');
    expect(said).toContain('✖ shop/web-1 is');
    expect(said).toContain('The digest differs.');
  });

  it('of an abort calls the root that was made taken back', () => {
    const aborted = { phase: 'renew', at: '2026-11-30T17:20:00Z', reason: 'too late', claimedBy: 'Jane' };
    const said = sectionOf(
      documentOf({ outcome: 'aborted', aborted } as unknown as Partial<RotationReport>),
      'The record',
    );
    expect(said).toContain('in renew at 2026-11-30T17:20:00Z, by Jane: too late');
    expect(said).toContain('Taken back: root');
  });

  it('runs nothing, loads nothing, and shows what others have written as text', () => {
    const waivers = [{ subject: EVIL, reason: EVIL, claimedBy: EVIL, at: '' }] as unknown as RotationReport['waivers'];
    const proxies = [{ ...proxy, workload: EVIL, how: EVIL }];
    const root = drawn(documentOf({ waivers, notes: [EVIL] }, { proxies, compared: EVIL }));
    for (const tag of ['script', 'img', 'iframe', 'form']) expect(named(root, tag), tag).toEqual([]);
    expect(
      all(root)
        .flatMap((element) => Object.keys(element.attributes))
        .filter((name) => name.startsWith('on')),
    ).toEqual([]);
    const links = all(root).flatMap(({ attributes: { href, src } }) => [href, src].filter((to) => to !== undefined));
    expect(links.filter((to) => !/^(#|data:)/.test(to))).toEqual([]);
    expect(text(root)).toContain(EVIL);
  });
});
