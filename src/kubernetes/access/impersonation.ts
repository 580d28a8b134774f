import type { UserEntry } from './schema.js';

/**
 * Adapter: the headers of `as`, `as-groups`, `as-uid` and `as-user-extra` (kubernetes.io, "User impersonation"). The library sends
 * `as` alone, and `fetch` joins several values of a header by commas, which the API server takes for one group of that name.
 */
export type Impersonation = readonly (readonly [name: string, value: string])[];

/** @throws Error when there are groups, a uid or extras of nobody, which the API server refuses too */
export function impersonation(user: UserEntry): Impersonation {
  const { as, 'as-groups': groups, 'as-uid': uid, 'as-user-extra': extra } = user;
  const more = [
    ...(uid ? [['Impersonate-Uid', uid] as const] : []),
    ...groups.map((group) => ['Impersonate-Group', group] as const),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => [`Impersonate-Extra-${headerName(key)}`, value] as const),
    ),
  ];
  if (as) return [['Impersonate-User', as], ...more];
  if (more.length > 0)
    throw new Error(
      'the kubeconfig has as-groups, as-uid or as-user-extra without `as`: whom to act as, it does not say',
    );
  return [];
}

/** What cannot be in the name of a header is percent-encoded (client-go transport/round_trippers.go, headerKeyEscape). */
function headerName(key: string): string {
  return Array.from(Buffer.from(key), (byte) => {
    const character = String.fromCodePoint(byte);
    return /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
