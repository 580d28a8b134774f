import { expect } from 'vitest';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { newKey, purposes } from '../../pki-corpus/der.js';
import { found, type PreflightSaid, type Row, said } from '../row.js';
import { type Ca, caOf, having, path, pems, years } from './hierarchy.js';
import { preflightOf } from './meshes.js';

/** Certificates of people's own. */

const MADE = 'API server: a Secret `my-certificates` with ';
const REASONS = ['IssuerNotUnderRoot', 'PathLength', 'ExtendedKeyUsage', 'Expired', 'KeyEncrypted', 'KeyUnreadable'];

/** Root, a policy CA, an issuing CA, and an issuer; with a part of it changed. */
function company(change: { policy?: Parameters<typeof caOf>[1]; issuing?: Parameters<typeof caOf>[1] } = {}) {
  const root = caOf('corporate root');
  const policy = caOf('policy CA', { under: root, ...change.policy });
  const issuing = caOf('issuing CA', { under: policy, ...change.issuing });
  const issuer = caOf('identity.linkerd.cluster.local', { under: issuing, ...path(0) });
  return { root, between: [issuing, policy], issuer };
}

function secretOf({ root, between, issuer }: { root: Ca; between: readonly Ca[]; issuer: Ca }): Record<string, string> {
  return { 'ca.crt': pems(root), 'tls.crt': pems(issuer, ...between), 'tls.key': toSec1Pem(issuer.key) };
}

/** One finding of the certificates, and no other; it blocks. */
function onlyOne(preflight: PreflightSaid, reason: string): string {
  const finding = found(preflight, reason);
  expect(finding.severity).toBe('block');
  expect(finding.hint ?? '').not.toBe('');
  const own = preflight.findings.filter(({ message }) => message.startsWith('your certificates'));
  expect(own.map((one) => one.reason)).toEqual([reason]);
  expect(preflight.code).toBe(2);
  return said(finding);
}

/** Not a byte of a key that was given to it. */
function withoutKey(preflight: PreflightSaid, key: string): void {
  const text = JSON.stringify(preflight);
  const lines = key.split('\n').filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(text).not.toContain(line.slice(0, 16));
}

function keyRow(
  row: Pick<Row, 'report' | 'have' | 'does' | 'made' | 'sample'> & { reason: string },
  key: (of: Ca) => string,
): Row {
  const { reason, ...told } = row;
  return {
    ...told,
    see: async () => {
      const mine = company();
      const text = key(mine.issuer);
      const preflight = await preflightOf({ ...secretOf(mine), 'tls.key': text });
      withoutKey(preflight, text);
      return onlyOne(preflight, reason);
    },
  };
}

const encrypted = ({ key }: Ca) =>
  key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();

export const supplied: readonly Row[] = [
  {
    report: 3,
    have: 'An issuer of their own under two corporate CAs (Vault, AWS PCA)',
    does: 'takes it: what stands behind the issuer in `tls.crt` leads to the root',
    made: `${MADE}issuer, issuing CA and policy CA in \`tls.crt\`, the root in \`ca.crt\``,
    sample: true,
    see: async () => {
      const { code, findings } = await preflightOf(secretOf(company()));
      expect(findings.map(({ reason }) => reason).filter((reason) => REASONS.includes(reason))).toEqual([]);
      expect(code).toBe(0);
      return `ready for a rotation; ${findings.length} findings, none of them about the certificates`;
    },
  },
  {
    report: 3,
    have: 'The same, and the CAs between were forgotten',
    does: 'says so, and where they belong',
    made: `${MADE}the issuer alone in \`tls.crt\``,
    see: async () => onlyOne(await preflightOf(secretOf({ ...company(), between: [] })), 'IssuerNotUnderRoot'),
  },
  {
    report: 3,
    have: 'A corporate CA that allows no CA below the next one',
    does: 'refuses before any write what proxies would refuse',
    made: `${MADE}a policy CA of path length 0`,
    see: async () => onlyOne(await preflightOf(secretOf(company({ policy: path(0) }))), 'PathLength'),
  },
  {
    report: 3,
    have: 'A corporate CA for code signing or e-mail only',
    does: 'refuses before any write what proxies would refuse',
    made: `${MADE}an issuing CA whose extended key usage is code signing`,
    see: async () => {
      const issuing = having(purposes('1.3.6.1.5.5.7.3.3'));
      return onlyOne(await preflightOf(secretOf(company({ issuing }))), 'ExtendedKeyUsage');
    },
  },
  {
    report: 3,
    have: 'A CA on the way from issuer to root that has expired',
    does: "refuses: no leaf outlives any certificate of the issuer's file",
    made: `${MADE}an issuing CA that ended a year ago`,
    see: async () => onlyOne(await preflightOf(secretOf(company({ issuing: { validity: years(-3, -1) } }))), 'Expired'),
  },
  keyRow(
    {
      report: 12,
      have: 'A `tls.key` with a passphrase (`step` encrypts by default)',
      does: 'one finding with the cure, exit code 2, and nothing of the key',
      made: `${MADE}an encrypted PKCS #8 key`,
      sample: true,
      reason: 'KeyEncrypted',
    },
    encrypted,
  ),
  keyRow(
    {
      report: 12,
      have: 'A key that was encoded in base64 twice',
      does: 'one finding that says so',
      made: `${MADE}the base64 of the PEM as \`tls.key\``,
      reason: 'KeyUnreadable',
    },
    ({ key }) =>
      Buffer.from(toSec1Pem(key))
        .toString('base64')
        .replaceAll(/(.{64})/g, '$1\n'),
  ),
  keyRow(
    {
      report: 12,
      have: 'A key that was cut short when it was copied',
      does: 'one finding that says so',
      made: `${MADE}half of the PEM as \`tls.key\``,
      reason: 'KeyUnreadable',
    },
    ({ key }) => toPkcs8Pem(key).slice(0, 120),
  ),
  keyRow(
    {
      report: 12,
      have: 'The certificate in place of the key',
      does: 'one finding that says so',
      made: `${MADE}the issuer's certificate as \`tls.key\``,
      reason: 'KeyUnreadable',
    },
    ({ certificate }) => certificate.pem,
  ),
  keyRow(
    {
      report: 12,
      have: 'The key of another certificate',
      does: 'one finding, with how to compare the two',
      made: `${MADE}the key of another issuer as \`tls.key\``,
      reason: 'IssuerKeyMismatch',
    },
    () => toSec1Pem(newKey()),
  ),
];
