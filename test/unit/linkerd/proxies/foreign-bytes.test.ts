import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { variableIn } from '../../../../src/linkerd/proxies/environment.js';
import { bounded, MOST_BYTES, MOST_PIECES } from '../../../../src/linkerd/proxies/filtered.js';
import { handshakeGate } from '../../../../src/linkerd/proxies/handshake-gate.js';
import { ProbeError } from '../../../../src/linkerd/proxies/probe-error.js';
import { certificateReader, recordReader } from '../../../../src/linkerd/proxies/tls-records.js';
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
        expect(chunks.flatMap((chunk) => read(chunk)).map(({ raw }) => raw)).toEqual([record, record]);
      }),
    );
  });
  it('of anything are records, or a ProbeError', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, recordOfNoise), { maxLength: 8 }), (chunks) => {
        const read = recordReader();
        const raws = attempt(() => chunks.flatMap((chunk) => read(chunk)).map(({ raw }) => raw)) ?? [];
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
        const read = certificateReader(false);
        expect(chunks.map((chunk) => read(chunk)).find((found) => found !== undefined)).toEqual(ders);
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
        const found = attempt(() => certificateReader(tls13)(bytes)) ?? [];
        expect(Buffer.concat(found).length).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the gate before OpenSSL', () => {
  it('hands on what came, in order, or ends with a ProbeError', () => {
    const chunk = fc.oneof(recordOfNoise, fc.constant(record), noise);
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 10 }),
        fc.uint8Array({ minLength: 32, maxLength: 48 }),
        (chunks, secret) => {
          const gate = handshakeGate();
          const passed: Buffer[] = [];
          attempt(() => {
            for (const [at, one] of chunks.entries()) {
              passed.push(gate.admit(one));
              if (at === 3) passed.push(gate.unlock(Buffer.from(secret), 'TLS_AES_128_GCM_SHA256'));
            }
          });
          const all = Buffer.concat(passed);
          expect(Buffer.concat(chunks).subarray(0, all.length)).toEqual(all);
        },
      ),
      { numRuns: 500 },
    );
  });
  it('keeps encrypted records until their secret is known, and nothing else', () => {
    const gate = handshakeGate();
    const hello = Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0]);
    const encrypted = Buffer.from([23, 3, 3, 0, 1, 0]);
    expect(gate.admit(Buffer.concat([hello, encrypted]))).toEqual(hello);
    expect(gate.admit(hello)).toHaveLength(0);
    expect(() => gate.unlock(Buffer.alloc(32), 'TLS_AES_128_GCM_SHA256')).toThrow('cannot be decrypted');
    expect(() => handshakeGate().unlock(Buffer.alloc(32), 'TLS_SM4_GCM_SM3')).toThrow(ProbeError);
  });
  it('shows the chain of the protocol that was agreed on alone', () => {
    const gate = handshakeGate();
    gate.admit(record);
    expect(gate.chain('TLSv1.2')?.map(({ der }) => der)).toEqual(ders);
    expect(gate.chain('TLSv1.3')).toBeUndefined();
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
