import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { verifyReport } from '../../evidence/verify.js';
import { jsonText } from '../../ground/plain.js';
import { CliError, EXIT } from '../exit-codes.js';
import { verificationText } from '../view/verification.js';

interface VerifyOptions {
  digest?: string;
  output: 'text' | 'json';
}

export function addVerifyCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command('verify')
    .description('verify a report and its evidence from the file alone (`reroot report -o json --file`)')
    .argument('<file>', 'the report')
    .option('--digest <sha256>', "the report's digest as it was noted elsewhere: in the result of the workflow")
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .action((file: string, options: VerifyOptions) => done(verify(file, options)));
}

function verify(file: string, { digest, output }: VerifyOptions): number {
  const verification = verifyReport(contentOf(file), digest);
  process.stdout.write(`${output === 'json' ? jsonText(verification) : verificationText(verification)}\n`);
  return verification.ok ? EXIT.ok : EXIT.failed;
}

/** @throws CliError */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.refused,
    );
  }
}
