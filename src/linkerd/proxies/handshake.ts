import { type Certificate, CertificateError, parseCertificate, parseLeaf } from '../../pki/certificate.js';
import { MOST_PRESENTED } from '../../pki/chain.js';
import { clientHello } from './client-hello.js';
import { bounded, MOST_PIECES } from './filtered.js';
import { serverHandshakeSecret } from './handshake-secret.js';
import { ProbeError } from './probe-error.js';
import { readServerHello, type ServerHello } from './server-hello.js';
import { alertOf, isWarning } from './tls-alerts.js';
import {
  certificatesIn,
  handshakeDecrypter,
  type HandshakeMessage,
  hashOf,
  MESSAGE,
  messageReader,
  RECORD,
  recordReader,
  type TlsRecord,
} from './tls-records.js';

/** The certificate chain exactly as a TLS server presents it. */
export interface PresentedChain {
  /** Leaf first, at least that. */
  chain: [Certificate, ...Certificate[]];
  protocol: ServerHello['protocol'];
}

/** One handshake as far as the certificates of the server. */
export interface Handshake {
  /** What the server is sent: one record, and nothing after it. */
  hello: Buffer;
  /**
   * @returns the chain, once it has come
   * @throws ProbeError when it does not come, or would cost much to verify
   */
  read(chunk: Buffer): PresentedChain | undefined;
}

const RECORD_OF_A_HELLO = Buffer.from([RECORD.handshake, 3, 1]);

/** @param servername the name that the server is to have */
export function startHandshake(servername: string): Handshake {
  const hello = clientHello(servername);
  const count = bounded('its handshake');
  const read = recordReader();
  const look = serverSide(hello);
  let many = 0;
  return {
    hello: Buffer.concat([RECORD_OF_A_HELLO, Buffer.from([hello.length >> 8, hello.length & 0xff]), hello]),
    read: (chunk) => {
      count(chunk.length);
      const records = read(chunk);
      many += records.length;
      if (many > MOST_PIECES) throw new ProbeError('Malformed', `its handshake has more than ${MOST_PIECES} records`);
      return firstFound(records, look);
    },
  };
}

/** Reads the server's records: its hello first, then, in TLS 1.3 under keys, what leads to its certificates. */
function serverSide(hello: Buffer): (record: TlsRecord) => PresentedChain | undefined {
  const [inClear, underKeys] = [messageReader(), messageReader()];
  let chosen: ServerHello | undefined;
  let decrypt: ReturnType<typeof handshakeDecrypter> | undefined;

  const encrypted = (record: TlsRecord): HandshakeMessage[] => {
    if (!decrypt) throw new ProbeError('Malformed', 'it sends encrypted records, and no handshake before them');
    const { type, body } = decrypt(record);
    if (type === RECORD.alert) throw alertOf(body);
    return type === RECORD.handshake ? underKeys(body) : [];
  };
  const messagesIn = (record: TlsRecord): HandshakeMessage[] => {
    if (record.type === RECORD.handshake) return inClear(record.body);
    if (record.type === RECORD.encrypted) return encrypted(record);
    if (record.type === RECORD.alert && !isWarning(record.body)) throw alertOf(record.body);
    return []; // a change of ciphers says nothing: in TLS 1.3 it is for what stands between
  };
  const choose = ({ type, body, raw }: HandshakeMessage): void => {
    if (type === MESSAGE.helloRequest) return;
    if (type !== MESSAGE.serverHello) throw new ProbeError('NoTls', 'its handshake does not begin with a hello');
    chosen = readServerHello(body);
    if (chosen.protocol === 'TLSv1.2') return;
    const secret = serverHandshakeSecret(hashOf(chosen.cipher), chosen, [hello, raw]);
    decrypt = handshakeDecrypter(secret, chosen.cipher);
  };
  return (record) =>
    firstFound(messagesIn(record), (message) => {
      if (decrypt && record.type === RECORD.handshake)
        throw new ProbeError('Malformed', 'a message of its handshake is not encrypted');
      if (!chosen) choose(message);
      else if (message.type === MESSAGE.certificate) return presented(message.body, chosen.protocol);
      return undefined;
    });
}

function firstFound<T, F>(items: readonly T[], find: (item: T) => F | undefined): F | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws ProbeError when there is none, or it would cost much to verify it */
function presented(message: Buffer, protocol: ServerHello['protocol']): PresentedChain {
  const ders = certificatesIn(message, protocol === 'TLSv1.3');
  if (ders.length > MOST_PRESENTED) {
    throw new ProbeError('Malformed', `it presents ${ders.length} certificates, more than ${MOST_PRESENTED}`);
  }
  const [leaf, ...others] = ders.map((der, at) => parse(der, at === 0 ? parseLeaf : parseCertificate));
  if (!leaf) throw new ProbeError('NoCertificate', 'the server presented no certificate');
  const chain: PresentedChain['chain'] = [leaf, ...others];
  if (chain.some(({ key }) => key.type === 'other')) {
    throw new ProbeError('Malformed', 'it presents a certificate with a key of a kind or size that no proxy takes');
  }
  return { chain, protocol };
}

function parse(der: Buffer, as: (der: Buffer) => Certificate): Certificate {
  try {
    return as(Buffer.from(der)); // a copy: what was received is let go
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ProbeError('Malformed', `it presents what is no certificate: ${error.message}`);
  }
}
