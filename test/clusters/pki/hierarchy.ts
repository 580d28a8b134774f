import type { KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '../../../src/pki/certificate.js';
import { ca, certificate, keyUsage, named, newKey, type Parts, SIGNING, utcTime } from '../../pki-corpus/der.js';

/** A CA with its key. */
export interface Ca {
  certificate: Certificate;
  key: KeyObject;
}

/** A CA of ten years; under itself unless another is given. */
export function caOf(name: string, { under, ...parts }: Parts & { under?: Ca } = {}): Ca {
  const key = parts.key ?? newKey();
  const signed = under
    ? { issuer: under.certificate.subjectDer, signer: under.key, signing: signingOf(under.key) }
    : { signing: signingOf(key) };
  const der = certificate({ subject: named(name), validity: years(-1, 9), ...signed, ...parts, key });
  return { certificate: parseCertificate(der), key };
}

function signingOf({ asymmetricKeyType }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return SIGNING.rsa;
  return asymmetricKeyType === 'ed25519' ? SIGNING.ed25519 : SIGNING.ecdsa;
}

/** From as many years from now to as many; no later than UTCTime goes. */
export function years(from: number, to: number): [Buffer, Buffer] {
  const at = (count: number) => {
    const time = new Date();
    time.setUTCFullYear(time.getUTCFullYear() + count);
    return utcTime(
      time
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2),
    );
  };
  return [at(from), at(to)];
}

export const path = (length: number): Parts => ({ extensions: [ca(length), keyUsage()] });
export const having = (...more: Buffer[]): Parts => ({ extensions: [ca(), keyUsage(), ...more] });
export const pems = (...cas: readonly Ca[]) => cas.map(({ certificate: { pem } }) => pem).join('');
