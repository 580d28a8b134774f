import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealed } from '../../../src/evidence/canonical.js';
import type { CheckName } from '../../../src/evidence/checks.js';
import { fileText, type ReportFile } from '../../../src/evidence/file.js';
import type { LineOfProxy } from '../../../src/evidence/lines.js';
import { verifyReport as verifyBytes } from '../../../src/evidence/verify.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { leafUnder } from '../support.js';
import { bridge, facts, fileOf, made, Mesh, NAME, NEW, OLD, start, textOf, type Told } from './support.js';

const verifyReport = (text: string | Buffer, noted?: string) => verifyBytes(Buffer.from(text), noted);
const whole = (): Mesh => new Mesh().proxy('web-1').proxy('web-2').proxy('api-1', { namespace: 'pay' });
const failing = (text: string): Partial<Record<CheckName, string[]>> =>
  Object.fromEntries(
    verifyReport(text)
      .checks.filter(({ passed }) => !passed)
      .map(({ name, problems }) => [name, problems]),
  );
const of = (kind: 'waived' | 'unseen', more: object): LineOfProxy =>
  ({ kind, namespace: 'shop', workload: 'Deployment/old', pod: 'old-1', uid: 'u-old', ...more }) as LineOfProxy;
const containing = (text: string): string => expect.stringContaining(text) as string;

describe('a report that is whole', () => {
  it('verifies, and says what was looked at', () => {
    const { ok, checks, digest } = verifyReport(textOf(whole()));
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(ok).toBe(true);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const said = Object.fromEntries(checks.map(({ name, what }) => [name, what]));
    expect(said).toMatchObject({
      Chains: containing('3 presented chains verify with root'),
      Anchors: containing('3 processes trust root'),
      NothingMissing: containing('3 live proxies in 2 namespaces at the end: 3 looked at'),
    });
  });
  it('is that of which the digest was noted elsewhere, or is not', () => {
    const text = textOf(whole());
    const { digest = '' } = verifyReport(text);
    expect(verifyReport(text, digest.toUpperCase()).ok).toBe(true);
    expect(verifyReport(text, '0'.repeat(64))).toMatchObject({ ok: false });
  });
  it('verifies where somebody was waived by name, and where a pod was on its way out', () => {
    const mesh = whole()
      .line(of('waived', { waiver: 'shop/Deployment/old', reason: 'decommissioned', by: 'ann' }))
      .line(of('unseen', { uid: 'u2', because: 'no answer', terminating: true }));
    const waivers = [{ subject: 'shop/Deployment/old', reason: 'decommissioned', claimedBy: 'ann' }];
    expect(failing(textOf(mesh, { report: { waivers } }))).toEqual({});
  });
  it('verifies where a pod has not been started', () => {
    expect(failing(textOf(whole().line({ ...of('unseen', {}), kind: 'proxy', unstarted: true })))).toEqual({});
  });

  const aborted: Told = {
    report: { outcome: 'aborted' },
    beginning: {
      ...{ outcome: 'aborted', root: OLD.fingerprint, retired: [NEW.fingerprint] },
      retiredIssuer: [made.issuer.certificate.fingerprint],
    },
  };
  const leaf = () => leafUnder(start.issuer, { name: NAME }).certificate;
  it('verifies after an abort against the root of the start, also while leaves carry the bridge certificate', () => {
    const mesh = new Mesh()
      .proxy('web-1', { anchors: [OLD], chain: [leaf(), start.issuer.certificate] })
      .proxy('web-2', { anchors: [OLD], chain: [leaf(), start.issuer.certificate, bridge] });
    expect(failing(textOf(mesh, aborted))).toEqual({});
    expect(failing(textOf(whole(), aborted))).toMatchObject({ Chains: { length: 3 }, Anchors: { length: 3 } });
  });
  it('verifies after a rotation of the issuer alone', () => {
    const told: Told = {
      report: { newRoot: facts(NEW), oldRoots: [] },
      beginning: { retired: [], retiredIssuer: [start.issuer.certificate.fingerprint] },
    };
    expect(failing(textOf(whole(), told))).toEqual({});
  });
});

describe('what does not hold is named', () => {
  const leaf = () => leafUnder(start.issuer, { name: NAME }).certificate;
  const other = { namespace: 'pay' };
  it.each<[string, Mesh, Told, Partial<Record<CheckName, string>>]>([
    [
      'a proxy that trusts the old root',
      whole().proxy('late-1', { anchors: [OLD, NEW] }),
      {},
      { Anchors: 'shop/Deployment/web, pod late-1: its process still trusts root' },
    ],
    [
      'a proxy that trusts neither',
      whole().proxy('late-1', { anchors: [bridge] }),
      {},
      { Anchors: 'pod late-1: its process does not trust root' },
    ],
    [
      'a chain under the old root',
      whole().proxy('late-1', { ...other, chain: [leaf(), start.issuer.certificate] }),
      {},
      { Chains: 'pay/Deployment/web, pod late-1: the chain that it presents does not verify with root' },
    ],
    [
      'a chain of the retired issuer',
      whole().proxy('late-1', { chain: [leaf(), bridge] }),
      {},
      { Chains: 'pod late-1: it presents certificate' },
    ],
    [
      'a leaf of another name',
      whole().proxy('late-1', {
        chain: [leafUnder(made.issuer, { name: 'else' }).certificate, made.issuer.certificate],
      }),
      {},
      { Chains: 'pod late-1: the chain' },
    ],
    [
      'a proxy that could not be looked at',
      whole().line(of('unseen', { because: 'no handshake within 1000 ms' })),
      {},
      { NothingMissing: 'shop/Deployment/old, pod old-1: not looked at: no handshake within 1000 ms' },
    ],
    [
      'a waiver that nobody has given',
      whole().line(of('waived', { waiver: 'shop', reason: 'r' })),
      {},
      { NothingMissing: 'pod old-1: nobody has waived shop' },
    ],
    [
      'a proxy that is missing',
      whole(),
      {
        beginning: {
          listed: [
            { namespace: 'shop', proxies: 3 },
            { namespace: 'pay', proxies: 1 },
          ],
        },
      },
      { NothingMissing: 'namespace shop: 3 proxies were listed, and 2 are accounted for' },
    ],
    [
      'evidence of another run',
      whole(),
      { beginning: { runId: 'run-2' } },
      { SameRotation: 'runId is run-1 in the report' },
    ],
    [
      'evidence about another root',
      whole(),
      { report: { newRoot: facts(bridge) } },
      { SameRotation: 'the report is not' },
    ],
    [
      'no evidence',
      whole(),
      { report: { evidence: { missing: 'it was Monday' } } },
      { EvidenceDigest: 'evidence of which the report knows nothing' },
    ],
  ])('%s', (_what, mesh, told, problems) => {
    const found = failing(textOf(mesh, told));
    expect(Object.keys(found)).toEqual(Object.keys(problems));
    for (const [name, problem] of Object.entries(problems))
      expect(found[name as CheckName]).toContainEqual(containing(problem));
  });
  it('a report without evidence, and why', () => {
    const { report } = fileOf(whole(), { report: { evidence: { missing: 'it was Monday' } } });
    expect(failing(fileText({ ...fileOf(whole()), report, evidence: [] }))).toEqual({
      NothingMissing: [containing('it was Monday')],
    });
  });
  it.each([
    ['PEM', (key: string) => key],
    ['base64 of PEM', (key: string) => Buffer.from(key).toString('base64')],
    ['base64 of DER', (key: string) => key.replaceAll(/-----[A-Z ]+-----|\s/g, '')],
  ])('a private key, as %s', (_what, form) => {
    for (const key of [toPkcs8Pem(made.root.privateKey), toSec1Pem(made.issuer.privateKey)])
      expect(Object.keys(failing(textOf(whole(), { report: { notes: [form(key)] } })))).toEqual(['NoPrivateKey']);
  });
  it.each(['', '{}', '[]', '{"format":"reroot-report/1"}', '{"format":"reroot-report/1","report":{},"evidence":[{}]}'])(
    'a file that is something else: %s',
    (text) => expect(verifyReport(text).ok).toBe(false),
  );
});

function writtenAnew(file: ReportFile): string {
  try {
    return fileText(file);
  } catch {
    return JSON.stringify(file);
  }
}

describe('whatever is changed in the file', () => {
  const text = textOf(new Mesh().proxy('web-1'));
  const bytes = Buffer.from(text);

  it('is found: any byte', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(verifyReport(changed).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
  it('is found: a byte more, or one less', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(127), (at, byte) => {
        const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
        const more = Buffer.concat([before, Buffer.from([byte]), after]);
        expect(verifyReport(more).ok).toBe(false);
        const less = Buffer.concat([bytes.subarray(0, Math.max(at - 1, 0)), bytes.subarray(Math.max(at, 1))]);
        expect(verifyReport(less).ok).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  /** Every place of a value in the file. */
  const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
    typeof value === 'object' && value !== null
      ? [path, ...Object.entries(value).flatMap(([key, field]) => places(field, [...path, key]))]
      : [path];
  const all = places(JSON.parse(text)).filter(({ length }) => length > 0);
  const change = (path: readonly (string | number)[], to: (parent: Record<string, unknown>, key: string) => void) => {
    const file = JSON.parse(text) as ReportFile;
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], file);
    to(parent as Record<string, unknown>, String(path.at(-1)));
    return file;
  };
  it('is found: any field, also where the file is written anew as reroot would', () => {
    const changes = [
      (parent: Record<string, unknown>, key: string) => void (parent[key] = 'x'),
      (parent: Record<string, unknown>, key: string) => void (parent[key] = 424_242),
      (parent: Record<string, unknown>, key: string) => void delete parent[key],
    ];
    for (const [index, path] of all.entries()) {
      const file = change(path, changes[index % changes.length] ?? (() => undefined));
      expect(verifyReport(writtenAnew(file)).ok, path.join('.')).toBe(false);
    }
  });
  it('is found where the report is sealed anew: by whoever has noted the digest, and only by them', () => {
    const file = fileOf(whole());
    const { digest } = file.report;
    const forged = fileText({ ...file, report: sealed({ ...file.report, approvals: [], notes: ['all is well'] }) });
    expect(verifyReport(forged).ok).toBe(true);
    expect(verifyReport(forged, digest).ok).toBe(false);
  });
});
