/** One of reroot's own objects, or one that it was given, is not as it must be: only a person can mend it. */
export class RecordError extends Error {
  override readonly name: string = 'RecordError';
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
