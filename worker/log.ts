import { DefaultLogger, type LogEntry, type Logger, Runtime } from '@temporalio/worker';
import { visibleJson } from '../src/ground/plain.js';
import { type Level, type Logger as Pino, pino } from 'pino';

const LEVELS: Record<LogEntry['level'], Level> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** One JSON line an event, on stderr; also for what Temporal's core and workflows log. What texts of others hide is escaped. */
export function createLog(level: Level): Pino {
  const hooks = { streamWrite: visibleJson };
  return pino({ name: 'reroot', level, redact: [], hooks }, pino.destination({ dest: 2, sync: false }));
}

/** Routes the Temporal SDK's logging through the same log. Call once, before any connection. */
export function installTemporalRuntime(log: Pino, metricsAddress: string | undefined): void {
  const logger: Logger = new DefaultLogger('TRACE', ({ level, message, meta }) =>
    log[LEVELS[level]]({ ...meta }, message),
  );
  Runtime.install({
    logger,
    shutdownSignals: [], // `reroot worker` listens itself, so that it can say what it does
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(metricsAddress ? { metrics: { prometheus: { bindAddress: metricsAddress } } } : {}),
    },
  });
}
