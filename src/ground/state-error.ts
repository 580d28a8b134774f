/** Something in the cluster is not as it must be, and only a person can mend it: no retry helps. */
export class StateError extends Error {
  override readonly name: string = 'StateError';
  constructor(
    /** Stable CamelCase word to search and alert by. */
    readonly reason: string,
    message: string,
    /** What to do now. */
    readonly hint: string,
  ) {
    super(message);
  }
}
