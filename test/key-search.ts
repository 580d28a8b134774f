import { encode } from '../src/kubernetes/base64.js';

/** Characters that nobody finds by chance, and that are of no use to a thief yet. */
const WINDOW = 12;

/**
 * Looks for parts of a P-256 private key: of its base64 (what is around the 32 secret bytes is the same for all keys, or
 * public), of the base64 of the PEM, as Secrets have it, and of the PEM's bytes as hexadecimal and as Go prints them.
 */
export function findKey(text: string, pem: string): string | undefined {
  const body = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const secret = pem.includes('BEGIN PRIVATE KEY') ? body.slice(48, 90) : body.slice(10, 52);
  const start = pem.indexOf(secret.slice(0, WINDOW));
  const bytes = [...Buffer.from(pem)].slice(start, start + 20);
  const secrets = [
    secret,
    encode(pem).slice(Math.ceil((start * 4) / 3) + 4, Math.floor(((start + secret.length) * 4) / 3) - 4),
    Buffer.from(bytes).toString('hex'),
    bytes.join(' '),
  ];
  const dense = text.replaceAll(/\\n|\n|\r/g, '');
  const haystacks = [dense, dense.replaceAll(/\s+/g, '')];
  for (const one of secrets)
    for (let at = 0; at + WINDOW <= one.length; at += 1) {
      const part = one.slice(at, at + WINDOW);
      if (haystacks.some((haystack) => haystack.includes(part))) return part;
    }
  return undefined;
}

/** Everything that an error can take along: messages, stacks, causes and its own fields. */
export function textOfError(error: unknown): string {
  const texts: string[] = [];
  for (let one = error; one instanceof Error; one = one.cause)
    texts.push(String(one), one.stack ?? '', JSON.stringify(one, Object.getOwnPropertyNames(one)));
  return texts.join('\n');
}
