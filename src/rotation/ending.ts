/** What was done about the issuer when a rotation ended before its time. */
export interface PutBack {
  /** The issuer of the start is in its Secret. */
  putBack: boolean;
  /** It had to be written for that. */
  changed?: boolean;
  /** The rotation had not made anything. */
  nothing?: boolean;
  /** Why it was left as it is. */
  why?: string;
  /** ISO 8601: the earliest end among the certificates of the issuer Secret: no leaf outlives it. */
  leavesEnd?: string;
}

/** For people: what a rotation that was cancelled or failed has left behind, and what to do about it. */
export function endingText({ putBack, changed, nothing, why, leavesEnd }: PutBack): string {
  if (nothing) return 'Nothing was changed.';
  if (putBack && changed) {
    return (
      'The issuer of the start is back in its Secret. The new root may still be in the bundle beside the old one, where ' +
      'it does no harm. Start again when you like: the next rotation goes on from here.'
    );
  }
  if (putBack) return 'The issuer of the start is in its Secret: nothing that was left behind ends leaves.';
  const until = leavesEnd ? ` With what the issuer Secret holds now, leaves end at ${leavesEnd}.` : '';
  return `The issuer Secret was left as it is: ${why ?? 'it could not be read'}.${until} Start again: the next rotation goes on from here.`;
}

/** What decides whether the issuer of the start may go back. */
export interface BeforeReturn {
  /** The issuer Secret holds an issuer that is nobody's of this rotation. */
  foreign: boolean;
  /** Fingerprints of the roots that the issuer of the start is under. */
  roots: readonly string[];
  /** Fingerprints in each store of the bundle. */
  stores: readonly (readonly string[])[];
  /** What each live proxy trusts; undefined: it reads the bundle when it is started. */
  proxies: readonly (readonly string[] | 'unread' | undefined)[];
  /** The issuer of the start has expired. */
  expired: boolean;
}

/** Why the issuer of the start must not go back; undefined: everybody would verify its leaves. */
export function whyNotBack({ foreign, roots, stores, proxies, expired }: BeforeReturn): string | undefined {
  const hasRoot = (anchors: readonly string[]) => anchors.some((anchor) => roots.includes(anchor));
  if (foreign) return 'somebody else has written it';
  if (expired) return 'the issuer of the start has expired';
  if (!stores.every(hasRoot)) return 'the root of the start has left the bundle: the point of no return is past';
  const unread = proxies.filter((anchors) => anchors === 'unread').length;
  const without = proxies.filter((anchors) => anchors && anchors !== 'unread' && !hasRoot(anchors)).length;
  if (without > 0) return `${proxiesThat(without, 'does not trust', 'do not trust')} the root of the start`;
  return unread > 0 ? `${proxiesThat(unread, 'could')} not be asked about the root of the start` : undefined;
}

function proxiesThat(count: number, does: string, many = does): string {
  return count === 1 ? `1 proxy ${does}` : `${count} proxies ${many}`;
}
