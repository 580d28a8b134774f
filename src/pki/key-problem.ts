import { type PemBlock, pemBlocks } from './pem.js';
import { error, type Problem } from './problem.js';

/** Why a text is no private key that can be used. Nothing of the text is in any message: it may be a key all the same. */

interface Kind {
  is(text: string, labels: readonly string[]): boolean;
  reason: 'KeyEncrypted' | 'KeyUnreadable';
  message: string;
  hint: string;
}

const PLAIN = 'put an unencrypted key in its place: PEM, `EC PRIVATE KEY` or `PRIVATE KEY`';

/** The first that fits is said. */
const KINDS: readonly Kind[] = [
  {
    is: (text) => text.trim() === '',
    reason: 'KeyUnreadable',
    message: 'is missing',
    hint: PLAIN,
  },
  {
    is: (text) => pemBlocks(text).blocks.some(isEncrypted),
    reason: 'KeyEncrypted',
    message: 'is encrypted with a passphrase, which nobody in the cluster has',
    hint:
      'decrypt it where it was made (`openssl pkey -in tls.key -out plain.key` asks for the passphrase; `step certificate create` ' +
      'encrypts unless it is told `--no-password --insecure`), and put that into the Secret',
  },
  {
    is: (text) => fromBase64(text).includes('-----BEGIN '),
    reason: 'KeyUnreadable',
    message: 'is encoded in base64 twice',
    hint: '`data` of a Secret is encoded once: put the PEM into `stringData`, or encode it once only',
  },
  {
    is: (_text, labels) => labels.some((label) => label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE'),
    reason: 'KeyUnreadable',
    message: 'is none: a certificate is in its place',
    hint: PLAIN,
  },
  {
    is: (_text, labels) => labels.some((label) => label.endsWith('PUBLIC KEY')),
    reason: 'KeyUnreadable',
    message: 'is none: a public key is in its place',
    hint: PLAIN,
  },
  {
    is: (text) => text.includes('-----BEGIN OPENSSH PRIVATE KEY-----'),
    reason: 'KeyUnreadable',
    message: 'is in the format of OpenSSH, which Linkerd does not read',
    hint: 'write it as PEM: `ssh-keygen -p -m PEM -f KEY`',
  },
  {
    is: (text, labels) => text.includes('-----BEGIN ') && labels.length === 0,
    reason: 'KeyUnreadable',
    message: 'is cut short or damaged: its PEM has no end, or its lines are not base64',
    hint: 'copy the whole file again, from `-----BEGIN` to `-----END ...-----`',
  },
  {
    is: (_text, labels) => labels.some((label) => label.endsWith('PRIVATE KEY')),
    reason: 'KeyUnreadable',
    message: 'is cut short or damaged: what its PEM holds is no key',
    hint: 'copy the whole file again, from `-----BEGIN` to `-----END ...-----`',
  },
  {
    is: () => true,
    reason: 'KeyUnreadable',
    message: 'is no PEM',
    hint: 'write it as PEM: `openssl pkey -inform DER -in KEY -out tls.key` for a binary key (DER), `openssl pkcs12 -nocerts -noenc` for a .p12 or .pfx',
  },
];

/** A clause that the key is the subject of. */
export function keyProblem(text: string): Problem {
  const labels = pemBlocks(text).blocks.map(({ label }) => label);
  const kind = KINDS.find(({ is }) => is(text, labels));
  return error(kind?.reason ?? 'KeyUnreadable', kind?.message ?? 'is no PEM', kind?.hint ?? PLAIN);
}

/** PKCS #8 says so in its label, the older kinds in a header of the block (RFC 1421 section 4.6.1.1). */
export function isEncrypted({ label, headers }: Pick<PemBlock, 'label' | 'headers'>): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || (headers['Proc-Type']?.endsWith('ENCRYPTED') ?? false);
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('latin1');
}
