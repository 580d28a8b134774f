/** Exit codes of `reroot`; documented in docs/cli.md and stable. */
export const EXIT = {
  ok: 0,
  /** The rotation failed, or a command could not be carried out. */
  failed: 1,
  /** Wrong usage, invalid input, or a mesh that is not ready: nothing was changed. */
  refused: 2,
  /** The command has ended, the rotation is still running (detached, or waiting for a person). */
  goesOn: 3,
} as const;

/** An error whose message is all that a person needs, with the exit code it leads to. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
  }
}
