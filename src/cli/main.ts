import './memory.js'; // first: V8's flags count from then on
import { ServiceError } from '@temporalio/client';
import pc from 'picocolors';
import { plainLines } from '../ground/plain.js';
import { asCalled } from './called.js';
import { CliError, EXIT } from './exit-codes.js';
import { createProgram } from './program.js';

async function main(argv: string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    await createProgram((code) => (exitCode = code)).parseAsync(argv);
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): number {
  if (error instanceof CliError) {
    say(error.message);
    return error.exitCode;
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code.startsWith('commander.')) {
    return (error as { exitCode?: number }).exitCode === 0 ? EXIT.ok : EXIT.refused;
  }
  say(textOf(error));
  if (process.env['REROOT_LOG_LEVEL'] === 'debug' && error instanceof Error)
    process.stderr.write(`${plainLines(error.stack ?? '')}\n`);
  return EXIT.failed;
}

function say(message: string): void {
  process.stderr.write(`${pc.red('reroot:')} ${asCalled(plainLines(message))}\n`);
}

/** Temporal's client says what it did in the message, and what went wrong in the cause. */
function textOf(error: unknown): string {
  if (error instanceof ServiceError && error.cause) return `${error.message}: ${error.cause.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** `reroot explain | head`: whoever reads has seen enough. The code is that of SIGPIPE, as a shell shows it. */
const READER_GONE = 141;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(READER_GONE);
  throw error;
});
process.exitCode = await main(process.argv);
