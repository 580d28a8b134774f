/** What was done about the issuer when a rotation ended before its time. */
export interface PutBack {
  /** The issuer of the start is in its Secret. */
  putBack: boolean;
  /** It had to be written for that. */
  changed?: boolean;
  /** Why it was left as it is. */
  why?: string;
  /** ISO 8601: the earliest end among the certificates of the issuer Secret: no leaf outlives it. */
  leavesEnd?: string;
}

/** For people: what a rotation that was cancelled or failed has left behind, and what to do about it. */
export function endingText({ putBack, changed, why, leavesEnd }: PutBack): string {
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
