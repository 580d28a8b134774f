import { type Certificate, CertificateError, parseCertificate } from '../../pki/certificate.js';
import { MOST_PRESENTED } from '../../pki/chain.js';
import { bounded, MOST_PIECES } from './filtered.js';
import { ProbeError } from './probe-error.js';
import {
  APPLICATION_DATA,
  certificateReader,
  HANDSHAKE,
  handshakeDecrypter,
  recordReader,
  type TlsRecord,
} from './tls-records.js';

/**
 * Stands between a server and OpenSSL. A client verifies every chain, up to a hundred signatures by keys of any kind, also
 * when it is told that the verdict does not matter: that is 300 ms of the worker's only thread. So nothing goes on to it
 * before the certificates have been read here, and are few, small, and of keys that cost little.
 */
export interface HandshakeGate {
  /**
   * What OpenSSL may read, now that this has come in.
   * @throws ProbeError `Malformed`
   */
  admit(chunk: Buffer): Buffer;
  /**
   * The same, now that a TLS 1.3 server's handshake traffic secret is known: encrypted records have waited for it.
   * @throws ProbeError `Malformed`
   */
  unlock(secret: Buffer, cipherName: string): Buffer;
  /** What was presented in the protocol that was agreed on, leaf first. */
  chain(protocol: 'TLSv1.2' | 'TLSv1.3'): Certificate[] | undefined;
}

export function handshakeGate(): HandshakeGate {
  const count = bounded('its handshake');
  const read = recordReader();
  const plain = chainReader(false);
  const encrypted = chainReader(true);
  let decrypt: ((record: TlsRecord) => Buffer | undefined) | undefined;
  let waiting: TlsRecord[] = [];
  let many = 0;

  /** False: its turn has not come. */
  const look = (record: TlsRecord): boolean => {
    if (record.type === HANDSHAKE) plain.read(record.body);
    if (record.type !== APPLICATION_DATA || plain.chain() || encrypted.chain()) return true;
    if (!decrypt) return false;
    const bytes = decrypt(record);
    if (!bytes) throw new ProbeError('Malformed', 'a record of its handshake cannot be decrypted');
    encrypted.read(bytes);
    return true;
  };
  const passed = (records: TlsRecord[]): Buffer => {
    const held = records.findIndex((record) => !look(record));
    waiting = held === -1 ? [] : records.slice(held);
    return Buffer.concat((held === -1 ? records : records.slice(0, held)).map(({ raw }) => raw));
  };
  return {
    admit: (chunk) => {
      count(chunk.length);
      const records = read(chunk);
      many += records.length;
      if (many > MOST_PIECES) throw new ProbeError('Malformed', `its handshake has more than ${MOST_PIECES} records`);
      return passed([...waiting, ...records]);
    },
    unlock: (secret, cipherName) => {
      decrypt ??= handshakeDecrypter(secret, cipherName);
      return passed(waiting);
    },
    chain: (protocol) => (protocol === 'TLSv1.3' ? encrypted : plain).chain(),
  };
}

/** Reads handshake bytes until the chain is known. */
function chainReader(tls13: boolean) {
  const read = certificateReader(tls13);
  let chain: Certificate[] | undefined;
  return {
    read: (bytes: Buffer): void => {
      if (chain || bytes.length === 0) return;
      const ders = read(bytes);
      chain = ders && cheap(ders);
    },
    chain: () => chain,
  };
}

/** @throws ProbeError when it would cost much to verify the chain */
function cheap(ders: readonly Buffer[]): Certificate[] {
  if (ders.length > MOST_PRESENTED) {
    throw new ProbeError('Malformed', `it presents ${ders.length} certificates, more than ${MOST_PRESENTED}`);
  }
  const chain = ders.map(parse);
  if (chain.some(({ key }) => key.type === 'other')) {
    throw new ProbeError('Malformed', 'it presents a certificate with a key of a kind or size that no proxy takes');
  }
  return chain;
}

function parse(der: Buffer): Certificate {
  try {
    return parseCertificate(Buffer.from(der)); // a copy: what was received is let go
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ProbeError('Malformed', `it presents what is no certificate: ${error.message}`);
  }
}
