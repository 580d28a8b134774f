/** Something in the cluster is not as it has to be, and only a person can mend it: trying again does not help. */
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
