import { describe, expect, it } from 'vitest';
import { addAnchors, formatBundle, readBundle, removeAnchors, sameBundle } from '../../../src/pki/bundle.js';
import { authority } from '../support.js';

describe('bundles', () => {
  const [a, b, c] = [authority('a').root.certificate, authority('b').root.certificate, authority('c').root.certificate];
  const text = a.pem + b.pem + c.pem;

  it('are the same whatever their order, line ends, comments, duplicates and final newline', () => {
    const shapes = [
      text,
      c.pem + a.pem + b.pem,
      text.replaceAll('\n', '\r\n'),
      `# old\n${a.pem}\n# new\n${b.pem}${c.pem}`,
      text.trimEnd(),
      text + a.pem,
    ];
    const { certificates } = readBundle(text);
    for (const shape of shapes) expect(sameBundle(readBundle(shape).certificates, certificates)).toBe(true);
    expect(sameBundle(readBundle(a.pem).certificates, certificates)).toBe(false);
  });

  it('are read as the identity process reads them', () => {
    expect(readBundle(text).identityReads).toHaveLength(3);
    expect(readBundle(text.trimEnd()).identityReads).toHaveLength(3);
    expect(readBundle(`${text}\n`).identityReads).toBeInstanceOf(Error);
    expect(readBundle(`${text}# end`).identityReads).toBeInstanceOf(Error);
    const key = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';
    const dropped = readBundle(a.pem + key + b.pem);
    expect(dropped.identityReads).toHaveLength(1);
    expect(dropped.problems.map(({ reason }) => reason)).toEqual(['NotACertificate', 'CertificatesDropped']);
    expect(readBundle('').identityReads).toBeInstanceOf(Error);
  });

  it('say what a person should know about their text', () => {
    const reasons = (bundle: string) => readBundle(bundle).problems.map(({ reason }) => reason);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(reasons(text)).toEqual([]);
    expect(reasons(text + a.pem)).toEqual(['DuplicateCertificate']);
    expect(reasons(text + broken)).toEqual(['UnreadableCertificate']);
    expect(readBundle(text + broken).identityReads).toBeInstanceOf(Error);
  });

  it('change by exactly what was asked, and are written canonically', () => {
    const bundle = readBundle(a.pem + b.pem).certificates;
    expect(formatBundle(addAnchors(bundle, [c, a]), { finalNewline: true })).toBe(text);
    expect(formatBundle(removeAnchors(bundle, [a.fingerprint]), { finalNewline: false })).toBe(b.pem.trimEnd());
  });
});
