import type { NamedRoot, Target } from '../ground/mesh.js';
import type { Certificate } from '../pki/certificate.js';
import type { RotationSecret } from './rotation-secret.js';

/** Forward: the new root, without those of the start. Back: the root of the start again, without the new one. */
export function targetOf(secret: RotationSecret, direction: 'forward' | 'back'): Target {
  const { id, root, retire, issuer, previous, bridge } = secret;
  const issuerOnly = retire.length === 0; // the root stays: it is the one of the start
  const ofStart = retire.map((fingerprint) => {
    const certificate = previous.roots.find((old) => old.fingerprint === fingerprint);
    return named(certificate ?? { fingerprint, commonName: 'unknown' }, 'start');
  });
  if (direction === 'forward') {
    const certificates = [previous.issuer, ...(bridge ? [bridge] : [])].map(({ fingerprint }) => fingerprint);
    return {
      id,
      root: named(root, issuerOnly ? 'start' : 'rotation'),
      retired: ofStart,
      retiredIssuer: { name: 'the issuer of the start', certificates },
    };
  }
  return {
    id: `${id}-back`,
    root: ofStart[0] ?? named(root, 'start'),
    retired: issuerOnly ? [] : [named(root, 'rotation')],
    retiredIssuer: { name: 'the new issuer', certificates: issuer ? [issuer.fingerprint] : [] },
  };
}

function named(
  { fingerprint, commonName }: Pick<Certificate, 'fingerprint' | 'commonName'>,
  from: NamedRoot['from'],
): NamedRoot {
  return { fingerprint, commonName, from };
}
