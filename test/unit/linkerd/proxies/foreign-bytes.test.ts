import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { variableIn } from '../../../../src/linkerd/proxies/environment.js';
import { bounded, MOST_BYTES, MOST_PIECES } from '../../../../src/linkerd/proxies/filtered.js';
import { startHandshake } from '../../../../src/linkerd/proxies/handshake.js';
import { ProbeError } from '../../../../src/linkerd/proxies/probe-error.js';
import { readServerHello } from '../../../../src/linkerd/proxies/server-hello.js';
import {
  certificatesIn,
  messageReader,
  recordReader,
  type TlsRecord,
} from '../../../../src/linkerd/proxies/tls-records.js';
import { attempt as attemptOf } from '../../../hostile/attempt.js';
import { authority } from '../../support.js';

const { root, issuer } = authority();
const ders = [issuer.certificate.der, root.certificate.der];

const attempt = <T>(run: () => T) => attemptOf(run, ProbeError);

function sized(bytes: Buffer, width: number): Buffer {
  const size = Buffer.alloc(width);
  size.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([size, bytes]);
}

/** A certificate message of TLS 1.2 in one record. */
const list = sized(Buffer.concat(ders.map((der) => sized(der, 3))), 3);
const message = Buffer.concat([Buffer.from([11]), sized(list, 3)]);
const record = Buffer.concat([Buffer.from([22, 3, 3]), sized(message, 2)]);

const rawOf = ({ header, body }: TlsRecord) => Buffer.concat([header, body]);

/** The same, cut into pieces anywhere. */
const pieces = (bytes: Buffer) =>
  fc.array(fc.nat(bytes.length), { maxLength: 30 }).map((cuts) => {
    const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
    return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
  });
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const recordOfNoise = fc
  .tuple(fc.integer({ min: 18, max: 25 }), fc.integer({ min: 2, max: 4 }), noise)
  .map(([type, major, body]) => Buffer.concat([Buffer.from([type, major, 3]), sized(body, 2)]));

describe('records of TLS', () => {
  it('are put together wherever they are cut', () => {
    fc.assert(
      fc.property(pieces(Buffer.concat([record, record])), (chunks) => {
        const read = recordReader();
        expect(chunks.flatMap((chunk) => read(chunk)).map(rawOf)).toEqual([record, record]);
      }),
    );
  });
  it('of anything are records, or a ProbeError', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, recordOfNoise), { maxLength: 8 }), (chunks) => {
        const read = recordReader();
        const raws = attempt(() => chunks.flatMap((chunk) => read(chunk)).map(rawOf)) ?? [];
        expect(Buffer.concat(chunks).subarray(0, Buffer.concat(raws).length)).toEqual(Buffer.concat(raws));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a certificate message', () => {
  it('is read wherever it is cut, and behind any other', () => {
    const before = Buffer.concat([Buffer.from([2]), sized(Buffer.alloc(70), 3)]);
    fc.assert(
      fc.property(pieces(Buffer.concat([before, message])), (chunks) => {
        const read = messageReader();
        const last = chunks.flatMap((chunk) => read(chunk)).find(({ type }) => type === 11);
        expect(last && certificatesIn(last.body, false)).toEqual(ders);
      }),
    );
  });
  it('of anything has certificates, or a ProbeError', () => {
    const broken = fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = Buffer.from(message);
      copy[at] = value;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(broken, noise), fc.boolean(), (bytes, tls13) => {
        const found = attempt(() => messageReader()(bytes).flatMap(({ body }) => certificatesIn(body, tls13))) ?? [];
        expect(Buffer.concat(found).length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a handshake', () => {
  const begun = () => startHandshake('web.shop');
  const hello12 = Buffer.concat([
    ...[Buffer.from([2]), sized(Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([0])]), 3)],
  ]);
  const helloOf = (cipher: number, extensions: Buffer, { random = Buffer.alloc(32), version = 0x0303 } = {}) => {
    const [v, c] = [Buffer.alloc(2), Buffer.alloc(2)];
    v.writeUInt16BE(version);
    c.writeUInt16BE(cipher);
    return Buffer.concat([v, random, Buffer.from([0]), c, Buffer.from([0]), sized(extensions, 2)]);
  };
  const extension = (type: number, body: Buffer) => Buffer.concat([Buffer.from([0, type]), sized(body, 2)]);
  const tls13 = extension(43, Buffer.from([3, 4]));
  const share = (group: number, key: Buffer) => extension(51, Buffer.concat([Buffer.from([0, group]), sized(key, 2)]));
  const recordOf = (body: Buffer, type = 22) => Buffer.concat([Buffer.from([type, 3, 3]), sized(body, 2)]);
  const helloRecord = (body: Buffer) => recordOf(Buffer.concat([Buffer.from([2]), sized(body, 3)]));

  it('begins with one record that a proxy can peek at, and names the proxy first', () => {
    const name = 'a'.repeat(63);
    const { hello } = startHandshake(`${name}.${name}.serviceaccount.identity.linkerd.cluster.local`);
    expect(hello.length).toBeLessThanOrEqual(512);
    expect(recordReader()(hello)).toHaveLength(1);
    expect(hello.indexOf(name)).toBeLessThan(120);
  });
  it('of anything has no chain, or ends with a ProbeError', () => {
    const chunk = fc.oneof(recordOfNoise, fc.constant(record), fc.constant(helloRecord(helloOf(0xc02b, tls13))), noise);
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 10 }), (chunks) => {
        const { read } = begun();
        attempt(() => expect(chunks.map((one) => read(one)).every((found) => found === undefined)).toBe(true));
      }),
      { numRuns: 500 },
    );
  });
  it('of TLS 1.2 shows the chain that comes after its hello, wherever it is cut', () => {
    fc.assert(
      fc.property(pieces(Buffer.concat([helloRecord(helloOf(0xc02b, Buffer.alloc(0))), record])), (chunks) => {
        const { read } = begun();
        const found = chunks.map((chunk) => read(chunk)).find((one) => one !== undefined);
        expect(found?.chain.map(({ der }) => der)).toEqual(ders);
        expect(found?.protocol).toBe('TLSv1.2');
      }),
    );
  });
  const x25519 = share(0x1d, Buffer.alloc(32, 9));
  it.each<[string, Buffer, string]>([
    ['certificates before a hello', record, 'does not begin with a hello'],
    ['encrypted records before a hello', recordOf(Buffer.alloc(100), 23), 'no handshake before them'],
    ['a cipher that was not offered', helloRecord(helloOf(0x002f, Buffer.alloc(0))), 'not offered'],
    ['a cipher of TLS 1.2 in TLS 1.3', helloRecord(helloOf(0xc02b, tls13)), 'not offered'],
    ['no key in TLS 1.3', helloRecord(helloOf(0x1301, tls13)), 'not offered'],
    [
      'a key of a group that was not offered',
      helloRecord(helloOf(0x1301, Buffer.concat([tls13, share(0x18, Buffer.alloc(97, 4))]))),
      'not offered',
    ],
    [
      'a key that is no point',
      helloRecord(helloOf(0x1301, Buffer.concat([tls13, share(0x17, Buffer.alloc(65, 4))]))),
      'the key in its hello is none',
    ],
    [
      'a key of low order',
      helloRecord(helloOf(0x1301, Buffer.concat([tls13, share(0x1d, Buffer.alloc(32))]))),
      'the key in its hello is none',
    ],
    ['TLS 1.1', helloRecord(helloOf(0xc02b, Buffer.alloc(0), { version: 0x0302 })), 'a version of TLS'],
    [
      'a wish for another hello',
      helloRecord(
        helloOf(0x1301, tls13, {
          random: Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'),
        }),
      ),
      'no proxy asks for',
    ],
    ['a hello that is cut short', recordOf(hello12), 'its hello is cut short'],
    ['a refusal', recordOf(Buffer.from([2, 112]), 21), 'unrecognized name'],
    ['a refusal by a number that nobody knows', recordOf(Buffer.from([2, 199]), 21), 'nobody knows'],
    [
      'certificates in clear after a hello of TLS 1.3',
      Buffer.concat([helloRecord(helloOf(0x1301, Buffer.concat([tls13, x25519]))), record]),
      'is not encrypted',
    ],
    [
      'records under other keys',
      Buffer.concat([
        helloRecord(helloOf(0x1301, Buffer.concat([tls13, x25519]))),
        recordOf(Buffer.from([1]), 20),
        recordOf(Buffer.alloc(100), 23),
      ]),
      'cannot be decrypted',
    ],
    [
      'a record that is too small to be encrypted',
      Buffer.concat([helloRecord(helloOf(0x1303, Buffer.concat([tls13, x25519]))), recordOf(Buffer.alloc(3), 23)]),
      'cannot be decrypted',
    ],
  ])('ends at %s', (_what, bytes, problem) => {
    expect(() => begun().read(bytes)).toThrow(ProbeError);
    expect(() => begun().read(bytes)).toThrow(problem);
  });
  it('goes on after a warning', () => {
    expect(begun().read(recordOf(Buffer.from([1, 112]), 21))).toBeUndefined();
  });
  it('reads any hello, or ends with a ProbeError', () => {
    const valid = helloOf(0x1301, Buffer.concat([tls13, x25519]));
    const broken = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, value]) => {
      const copy = Buffer.from(valid);
      copy[at] = value;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(broken, noise), (bytes) => void attempt(() => readServerHello(bytes))),
      { numRuns: 1000 },
    );
    expect(readServerHello(valid)).toMatchObject({
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      group: 0x1d,
    });
  });
});

describe('an answer at /env.json', () => {
  it('of anything has the variable, has it not, or is a ProbeError without a word of it', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `{"A":${json}}`),
    );
    fc.assert(
      fc.property(text, (body) => {
        const value = attempt(() => variableIn(body, 'A'));
        expect(['string', 'undefined']).toContain(typeof value);
      }),
      { numRuns: 1000 },
    );
    expect(variableIn('{"A":"pem"}', 'A')).toBe('pem');
    expect(() => variableIn('\u001B[2J', 'A')).toThrow('its answer at /env.json is not JSON');
  });
});

describe('a bound', () => {
  it('is for bytes and for pieces', () => {
    const bytes = bounded('it');
    bytes(MOST_BYTES);
    expect(() => bytes(1)).toThrow('it has more than 256 KB');
    const count = bounded('it');
    for (let piece = 0; piece < MOST_PIECES; piece += 1) count(1);
    expect(() => count(1)).toThrow('more than 1000 pieces');
  });
});
