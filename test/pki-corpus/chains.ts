import type { KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '../../src/pki/certificate.js';
import {
  ca,
  certificate,
  constraints,
  dns,
  dnsNames,
  edKey,
  extension,
  keyUsage,
  named,
  nameOf,
  newKey,
  NULL,
  type Parts,
  printable,
  purposes,
  rsaKey,
  SIGNING,
  tlv,
  utcTime,
  utf8,
} from './der.js';

/** The file of an issuer, and the anchors of a bundle. */
export interface Chain {
  chain: readonly [Certificate, ...Certificate[]];
  anchors: readonly Certificate[];
  /** Why reroot says otherwise than Go, where that is meant. */
  differs?: string;
}

interface Ca {
  certificate: Certificate;
  key: KeyObject;
}

/** A CA; under itself unless another is given. */
function caOf(name: string, { under, ...parts }: Parts & { under?: Ca } = {}): Ca {
  const key = parts.key ?? newKey();
  const own = { subject: named(name), key, ...parts };
  const signed = under ? { issuer: under.certificate.subjectDer, signer: under.key } : {};
  return { certificate: parseCertificate(certificate({ ...own, ...signed, ...parts })), key };
}

const of = (issuer: Ca, rest: readonly Ca[], anchors: readonly Ca[]): Chain => ({
  chain: [issuer.certificate, ...rest.map((one) => one.certificate)],
  anchors: anchors.map((one) => one.certificate),
});

/** Issuer, intermediates, root: with parts of each changed. */
function hierarchy(change: { root?: Parts; sub?: Parts; issuer?: Parts } = {}): Chain {
  const root = caOf('root', change.root);
  const sub = caOf('sub', { under: root, ...change.sub });
  return of(caOf('issuer', { under: sub, ...change.issuer }), [sub], [root]);
}

/** As many CAs between issuer and root. */
function ladder(count: number, order: (cas: Ca[]) => Ca[] = (cas) => cas): Chain {
  const root = caOf('root');
  let under = root;
  const cas = Array.from({ length: count }, (_, at) => (under = caOf(`sub ${at}`, { under })));
  return of(caOf('issuer', { under }), order(cas.toReversed()), [root]);
}

const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const ANY = '2.5.29.37.0';
const CODE = '1.3.6.1.5.5.7.3.3';
const [root, other] = [caOf('root'), caOf('other')];
const sub = caOf('sub', { under: root });
const issuer = caOf('issuer', { under: sub });
const ENDED: [Buffer, Buffer] = [utcTime('200101000000Z'), utcTime('210101000000Z')];
const TO_COME: [Buffer, Buffer] = [utcTime('400101000000Z'), utcTime('450101000000Z')];
const with_ = (...more: Buffer[]): Parts => ({ extensions: [ca(), keyUsage(), ...more] });
const path = (length: number): Parts => ({ extensions: [ca(length), keyUsage()] });
const unknown = extension('1.2.3.4', NULL, 0xff);
/** The same key and name under another root. */
const crossed = caOf('sub', { under: other, key: sub.key });
const renewed = caOf('root', { key: root.key });
const [rsa, small] = [rsaKey(2048), rsaKey(1024)];
const pss = { key: rsa, signing: SIGNING.pss };

const PROXIES = 'proxies (webpki) refuse it';

export const CHAINS: Record<string, Chain> = {
  'an issuer under a root': of(caOf('i', { under: root }), [], [root]),
  'an issuer that is the root': of(root, [], [root]),
  'a root of the same name': of(caOf('i', { under: root }), [], [caOf('root')]),
  'an issuer under an intermediate': of(issuer, [sub], [root]),
  'an intermediate that is missing': of(issuer, [], [root]),
  'the intermediate in the bundle': of(issuer, [], [root, sub]),
  'the intermediate in both': of(issuer, [sub], [sub, root]),
  'the intermediate as the one anchor': of(issuer, [sub], [sub]),
  'the root in the file': of(issuer, [sub, root], [root]),
  'strangers before it in the file': of(issuer, [other, sub], [root]),
  'strangers in the bundle': of(issuer, [sub], [other, root]),
  'strangers alone in the bundle': of(issuer, [sub], [other]),
  'nothing in the bundle': of(issuer, [sub], []),
  'three CAs between': ladder(3),
  'three CAs between, the other way round': ladder(3, (cas) => cas.toReversed()),
  'three CAs between, of which one is missing': ladder(3, (cas) => cas.slice(1)),
  'six CAs between': ladder(6),
  'seven CAs between': {
    ...ladder(7),
    differs: 'proxies take six CAs on a path (webpki), and no more than eight certificates are looked at',
  },
  'an intermediate of two roots': of(issuer, [crossed], [root, other]),
  'an intermediate of two roots, and the other one is trusted': of(issuer, [sub, crossed], [other]),
  'an intermediate of two roots, and neither is trusted': of(issuer, [sub, crossed], [caOf('third')]),
  'a renewed root with the same key': of(issuer, [sub], [renewed]),
  'an intermediate that has signed itself': of(issuer, [caOf('sub', { key: sub.key })], [root]),
  'CAs that have signed each other': of(issuer, [crossed, caOf('other', { under: sub, key: other.key })], [root]),
  'a name in another string type': hierarchy({ issuer: { issuer: nameOf(printable('sub')) } }),
  'a name with another case': hierarchy({ issuer: { issuer: named('SUB') } }),
  'empty names': of(caOf('i', { under: caOf('', { subject: named('') }) }), [], [root]),
  // path lengths
  'a path length of 0 in the issuer': hierarchy({ issuer: path(0) }),
  'a path length of 1 in the intermediate': hierarchy({ sub: path(1) }),
  'a path length of 1 in the root': hierarchy({ root: path(1) }),
  'a path length of 0 in the root': hierarchy({ root: path(0) }),
  'a path length of 0 in the root of an issuer': of(
    ...(([one]) => [caOf('i', { under: one }), [], [one]] as [Ca, Ca[], Ca[]])([caOf('r', path(0))] as [Ca]),
  ),
  // what they may do
  'an intermediate that is no CA': hierarchy({ sub: { extensions: [] } }),
  'an intermediate without the right to sign': hierarchy({ sub: { extensions: [ca(), keyUsage(0x80)] } }),
  'a root that is no CA': hierarchy({ root: { extensions: [] } }),
  'a root of version 1': hierarchy({ root: { version: undefined, extensions: undefined } }),
  'an intermediate of version 1': hierarchy({ sub: { version: undefined, extensions: undefined } }),
  'a root without the right to sign': hierarchy({ root: { extensions: [ca(), keyUsage(0x80)] } }),
  'a root without key usage': hierarchy({ root: { extensions: [ca()] } }),
  'an issuer that is no CA': hierarchy({ issuer: { extensions: [] } }),
  // times
  'an issuer that has ended': hierarchy({ issuer: { validity: ENDED } }),
  'an intermediate that has ended': hierarchy({ sub: { validity: ENDED } }),
  'a root that has ended': hierarchy({ root: { validity: ENDED } }),
  'an issuer that is to come': hierarchy({ issuer: { validity: TO_COME } }),
  'an intermediate that is to come': hierarchy({ sub: { validity: TO_COME } }),
  'a root that is to come': hierarchy({ root: { validity: TO_COME } }),
  'a root that has ended beside its renewal': of(
    issuer,
    [sub],
    [caOf('root', { key: root.key, validity: ENDED }), root],
  ),
  // purposes
  'both purposes everywhere': hierarchy({
    root: with_(purposes(SERVER, CLIENT)),
    sub: with_(purposes(CLIENT, SERVER)),
    issuer: with_(purposes(SERVER, CLIENT, CODE)),
  }),
  'another purpose of the intermediate': hierarchy({ sub: with_(purposes(CODE)) }),
  'another purpose of the root': hierarchy({ root: with_(purposes(CODE)) }),
  'any purpose of the root': hierarchy({ root: with_(purposes(ANY)) }),
  'client authentication of the root': hierarchy({ root: with_(purposes(CLIENT)) }),
  'server authentication of the root': hierarchy({ root: with_(purposes(SERVER)) }),
  'client authentication of the issuer': hierarchy({ issuer: with_(purposes(CLIENT)) }),
  'server authentication of the intermediate': { ...hierarchy({ sub: with_(purposes(SERVER)) }), differs: PROXIES },
  'any purpose of the intermediate': { ...hierarchy({ sub: with_(purposes(ANY)) }), differs: PROXIES },
  'no purpose of the intermediate': { ...hierarchy({ sub: with_(purposes()) }), differs: PROXIES },
  // extensions
  'a critical extension of the issuer that nobody knows': hierarchy({ issuer: with_(unknown) }),
  'a critical extension of the intermediate that nobody knows': hierarchy({ sub: with_(unknown) }),
  'a critical extension of the root that nobody knows': hierarchy({ root: with_(unknown) }),
  'critical policies of the intermediate': {
    ...hierarchy({ sub: with_(extension('2.5.29.32', tlv(0x30, tlv(0x30, tlv(0x06, '\x2a\x03'))), 0xff)) }),
    differs: PROXIES,
  },
  'names that the root permits': hierarchy({
    root: with_(constraints({ permitted: [dns('cluster.local')] })),
    issuer: with_(dnsNames('identity.linkerd.cluster.local')),
  }),
  'names that the root does not permit': hierarchy({
    root: with_(constraints({ permitted: [dns('example.org')] })),
    issuer: with_(dnsNames('identity.linkerd.cluster.local')),
  }),
  'names that the intermediate excludes': hierarchy({
    sub: with_(constraints({ excluded: [dns('cluster.local')] })),
    issuer: with_(dnsNames('identity.linkerd.cluster.local')),
  }),
  'names that the intermediate permits, by another case': hierarchy({
    sub: with_(constraints({ permitted: [dns('Cluster.Local')] })),
    issuer: with_(dnsNames('identity.linkerd.cluster.local')),
  }),
  'an issuer of no name under name constraints': hierarchy({
    root: with_(constraints({ permitted: [dns('example.org')] })),
  }),
  'critical constraints of directory names': hierarchy({
    root: with_(constraints({ permitted: [tlv(0xa4, nameOf(utf8('x')))] })),
  }),
  'constraints of directory names': {
    ...hierarchy({ sub: with_(constraints({ permitted: [tlv(0xa4, nameOf(utf8('x')))] }, 0)) }),
    differs: PROXIES,
  },
  // keys
  'a root of P-384': hierarchy({ root: { key: newKey('secp384r1') } }),
  'a root of P-384, with SHA-384': hierarchy({
    root: { key: newKey('secp384r1'), signing: SIGNING.ecdsaSha384 },
    sub: { signing: SIGNING.ecdsaSha384 },
  }),
  'a root of P-521, with SHA-512': hierarchy({
    root: { key: newKey('secp521r1') },
    sub: { signing: SIGNING.ecdsaSha512 },
  }),
  'a root of P-256, with SHA-512': { ...hierarchy({ sub: { signing: SIGNING.ecdsaSha512 } }), differs: PROXIES },
  'a root of P-224': { ...hierarchy({ root: { key: newKey('secp224r1') } }), differs: PROXIES },
  'a root of Ed25519': hierarchy({
    root: { key: edKey(), signing: SIGNING.ed25519 },
    sub: { signing: SIGNING.ed25519 },
  }),
  'a root of RSA': hierarchy({ root: { key: rsa, signing: SIGNING.rsa }, sub: { signing: SIGNING.rsa } }),
  'a root of RSA, with SHA-512': hierarchy({
    root: { key: rsa, signing: SIGNING.rsa },
    sub: { signing: SIGNING.rsaSha512 },
  }),
  'a root of RSA, with PSS': {
    ...hierarchy({ root: pss, sub: { signing: SIGNING.pss } }),
    differs: 'proxies refuse it (linkerd2-proxy linkerd/rustls/src/crypto.rs has no RSA-PSS)',
  },
  'a root of RSA, with SHA-1': hierarchy({
    root: { key: rsa, signing: SIGNING.rsa },
    sub: { signing: SIGNING.rsaSha1 },
  }),
  'a root of RSA, with MD5': hierarchy({ root: { key: rsa, signing: SIGNING.rsa }, sub: { signing: SIGNING.rsaMd5 } }),
  'ECDSA with SHA-1': hierarchy({ sub: { signing: SIGNING.ecdsaSha1 } }),
  'a root of RSA of 1024 bits': {
    ...hierarchy({ root: { key: small, signing: SIGNING.rsa }, sub: { signing: SIGNING.rsa } }),
    differs: 'proxies refuse RSA below 2048 bits',
  },
  'a signature of another key': hierarchy({ sub: { signer: newKey() } }),
};
