type Kind = abstract new (...parameters: never[]) => Error;

/**
 * What comes out of something that may end by one kind of error; undefined: it has.
 * @throws any other error
 */
export function attempt<T>(run: () => T, error: Kind): T | undefined {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof error && thrown.message.length < 400) return undefined;
    throw thrown;
  }
}
