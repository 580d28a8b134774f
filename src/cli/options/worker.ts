import { readWorkerConfig, type WorkerConfig } from '../../../worker/config.js';
import { CliError, EXIT } from '../exit-codes.js';

/** @throws CliError with everything that is wrong with the configuration */
export function configured(env: NodeJS.ProcessEnv): WorkerConfig {
  try {
    return readWorkerConfig(env);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.refused);
  }
}
