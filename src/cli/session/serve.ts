import { createLog } from '../../../worker/log.js';
import { startWorker } from '../../../worker/run.js';
import { configured } from '../options/worker.js';

/** Milliseconds for what a process has to tidy up after its worker. */
const LAST_MS = 5000;

/** Runs a worker until a signal, or until `over` ends. */
export async function serve(env: NodeJS.ProcessEnv, over?: Promise<void>): Promise<void> {
  const config = configured(env);
  const log = createLog(config.REROOT_LOG_LEVEL);
  // Node would open its inspector on loopback, for anybody; keys are in this process
  process.on('SIGUSR1', () => log.warn('SIGUSR1 does nothing here: a worker opens no inspector'));
  const worker = await startWorker(config, env, log);
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'worker stops; running steps are handed over');
    worker.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));
  void over?.then(() => stop('no rotation is running'));
  try {
    await worker.ended;
  } finally {
    setTimeout(() => process.exit(), LAST_MS).unref(); // a step that did not end in time would keep the process alive
  }
}
