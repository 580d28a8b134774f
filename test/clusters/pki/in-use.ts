import { expect } from 'vitest';
import { toSec1Pem } from '../../../src/pki/key.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { ca, constraints, dns, edKey, keyUsage, newKey, rsaKey } from '../../pki-corpus/der.js';
import { found, type PreflightSaid, type Row, said } from '../row.js';
import { type Ca, caOf, pems, years } from './hierarchy.js';
import { preflightWhile } from './meshes.js';

/** Certificates that a mesh has, made of any kind and put beside those of the shared mesh for as long as preflight looks. */

const MADE = 'API server: the issuer Secret and the bundle of a running mesh with ';

const inUse = async (issuer: Ca, file: readonly Ca[], root: Ca) =>
  await preflightWhile(({ bundle }) => ({
    bundle: `${bundle.trimEnd()}\n${pems(root)}`,
    certificate: pems(issuer, ...file),
    key: toSec1Pem(issuer.key),
  }));

const ofIssuer = ({ findings }: PreflightSaid): Finding[] =>
  findings.filter(({ message }) => message.startsWith('the issuer in use'));

/** They are known, and stop nothing. */
function onlyWarned(preflight: PreflightSaid, ...reasons: string[]): string {
  const own = ofIssuer(preflight);
  expect(own.map(({ reason, severity }) => [reason, severity])).toEqual(reasons.map((reason) => [reason, 'warn']));
  return own.map(said).join('; ');
}

export const inUseRows: readonly Row[] = [
  {
    report: 11,
    have: 'A root in use of P-521, RSA 3072 or Ed25519, and a mesh that works',
    does: 'warns at most: rules for new roots are not those for the one that is replaced',
    made: `${MADE}a root of each kind, one after the other`,
    see: async () => {
      const seen = [];
      for (const key of [newKey('secp521r1'), rsaKey(3072), edKey()]) {
        const root = caOf('old root', { key });
        const preflight = await inUse(caOf('identity', { under: root }), [], root);
        seen.push(onlyWarned(preflight, 'RootAlgorithm'));
      }
      return seen.join('; ');
    },
  },
  {
    report: 11,
    have: 'A root in use with name constraints and a path length of 0, which identity and proxies do not mind',
    does: 'warns at most',
    made: `${MADE}such a root`,
    see: async () => {
      const extensions = [ca(0), keyUsage(), constraints({ permitted: [dns('cluster.local')] })];
      const root = caOf('narrow root', { extensions });
      return onlyWarned(await inUse(caOf('identity', { under: root }), [], root), 'PathLength');
    },
  },
  {
    report: 11,
    have: 'A root in use of RSA 1024, which proxies refuse',
    does: 'refuses: such a mesh does not work',
    made: `${MADE}such a root`,
    see: async () => {
      const root = caOf('small root', { key: rsaKey(1024) });
      const preflight = await inUse(caOf('identity', { under: root }), [], root);
      const finding = found(preflight, 'IssuerUnderNoAnchor');
      expect([finding.severity, preflight.code]).toEqual(['block', 2]);
      expect(finding.message).toContain('RSA of 1024 bits');
      return said(finding);
    },
  },
  {
    report: 3,
    have: 'A bundle with intermediates, strangers and what has expired, in any order',
    does: 'takes out those that the issuer verifies with, keeps all others, and warns of the expired one',
    made: `${MADE}root and intermediate of the issuer between an expired and another root`,
    sample: true,
    see: async () => {
      const [stranger, old] = [caOf('partner root'), caOf('old root', { validity: years(-9, -1) })];
      const root = caOf('corporate root');
      const between = caOf('issuing CA', { under: root });
      const issuer = caOf('identity', { under: between });
      const preflight = await preflightWhile(() => ({
        bundle: pems(old, between, stranger, root),
        certificate: pems(issuer, between),
        key: toSec1Pem(issuer.key),
      }));
      const { plan } = preflight;
      const prints = (...cas: Ca[]) => cas.map(({ certificate }) => certificate.fingerprint);
      expect(plan.retire).toEqual(prints(between, root));
      expect(plan.keep).toEqual(prints(old, stranger));
      expect(onlyWarned(preflight)).toBe('');
      return `retires ${plan.retire.length} anchors, keeps ${plan.keep.length}; ${said(found(preflight, 'AnchorExpired'))}`;
    },
  },
  {
    report: 12,
    have: 'An issuer Secret whose key has a passphrase, or is of another certificate',
    does: 'one finding each, beside all others',
    made: `${MADE}an encrypted key, then with another key`,
    see: async () => {
      const key = newKey();
      const passphrase = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
      const encrypted = await preflightWhile(() => ({ key: key.export(passphrase).toString() }));
      const other = await preflightWhile(() => ({ key: toSec1Pem(key) }));
      const findings = [found(encrypted, 'KeyEncrypted'), found(other, 'IssuerKeyMismatch')];
      expect(findings.map(({ severity }) => severity)).toEqual(['block', 'block']);
      expect([encrypted, other].map(({ code, findings: { length } }) => [code, length > 1])).toEqual([
        [2, true],
        [2, true],
      ]);
      return findings.map(said).join('; ');
    },
  },
  {
    report: 'PEM',
    have: 'A comment, an empty line or a key behind the last certificate of bundle or issuer',
    does: 'says what identity would end with at its next start',
    made: `${MADE}a comment behind each`,
    see: async () => {
      const preflight = await preflightWhile(({ bundle, certificate }) => ({
        bundle: `${bundle.trimEnd()}\n# until 2030\n`,
        certificate: `${certificate.trimEnd()}\n\n`,
      }));
      const findings = ['BundleUnreadable', 'IssuerUnreadable'].map((reason) => found(preflight, reason));
      expect(findings.map(({ severity }) => severity)).toEqual(['block', 'block']);
      return findings.map(said).join('; ');
    },
  },
];
