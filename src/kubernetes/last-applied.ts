import { decode } from './base64.js';
import { type PatchOperation, pointer } from './patch.js';

/** What `kubectl apply` keeps on an object: the manifest as it was applied, with every value of a Secret. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type Annotated = { annotations?: Record<string, string> } | undefined;

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/;
/** Shorter ones encode no key. */
const BASE64 = /[A-Za-z0-9+/]{40,}={0,2}/g;

/** Whether that annotation holds a private key, as it is or in base64. */
export function holdsAppliedKey(metadata: Annotated): boolean {
  return holdsPrivateKey(metadata?.annotations?.[LAST_APPLIED] ?? '');
}

/**
 * The operations that take private keys out of that annotation; empty where there is none. It stays, without the values
 * that hold one: `kubectl apply --prune` passes over objects that lack it, and `kubectl apply` warns of them. A value that it
 * does not mention is compared with the live object alone, and is never deleted for being absent from a later manifest
 * (kubectl pkg/cmd/apply/prune.go, patcher.go). What cannot be read as a manifest goes as a whole.
 */
export function withoutAppliedKeys(metadata: Annotated): PatchOperation[] {
  const text = metadata?.annotations?.[LAST_APPLIED];
  if (text === undefined || !holdsPrivateKey(text)) return [];
  const path = pointer('metadata', 'annotations', LAST_APPLIED);
  const kept = withoutKeys(text);
  if (kept === undefined || holdsPrivateKey(kept)) return [{ op: 'remove', path }];
  return [{ op: 'replace', path, value: `${kept}\n` }];
}

/** The manifest without the values that hold a key; undefined where it is none. */
function withoutKeys(text: string): string | undefined {
  try {
    const manifest = JSON.parse(text) as Record<string, unknown> | null;
    if (typeof manifest !== 'object' || manifest === null) return undefined;
    for (const field of ['data', 'stringData']) {
      const values = manifest[field];
      if (typeof values === 'object' && values !== null) manifest[field] = withoutKeyValues(values);
    }
    return JSON.stringify(manifest);
  } catch {
    return undefined;
  }
}

function withoutKeyValues(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !holdsPrivateKey(String(value))));
}

function holdsPrivateKey(text: string): boolean {
  if (PRIVATE_KEY.test(text)) return true;
  return text.match(BASE64)?.some((encoded) => PRIVATE_KEY.test(decode(encoded))) === true;
}
