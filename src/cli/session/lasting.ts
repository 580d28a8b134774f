import { CliError, EXIT } from '../exit-codes.js';
import { findSession, type Session } from './connect.js';

/**
 * A connection to a Temporal server that lasts.
 * @param what `a watch`, for people
 * @throws CliError where there is none, or only that of this machine
 */
export async function lastingSession(cluster: string, what: string): Promise<Session> {
  const session = await findSession(cluster, process.env);
  if (session?.server === 'configured') return session;
  await session?.close();
  throw new CliError(
    `${what} lasts for months, and needs a Temporal server that does: say where one is (TEMPORAL_ADDRESS or a profile). The ` +
      'embedded server of `reroot rotate` ends with its rotation. Nothing was started',
    EXIT.refused,
  );
}
