import path from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../src/temporal/names.js';
import type { Network } from './network.js';
import { flags, startServer, until } from './processes.js';

/** A real Temporal server, with its web UI and its HTTP API. */
export interface TemporalServer {
  /** Host and port, as TEMPORAL_ADDRESS has them. */
  address: string;
  namespace: string;
  /** URL of the HTTP API. */
  http: string;
  /** URL of the web UI. */
  ui: string;
}

const NAMESPACE = 'default';

export async function startTemporal(folder: string, network: Network): Promise<TemporalServer> {
  const [port = 0, httpPort = 0, uiPort = 0] = await network.freePorts(3);
  const server = startServer(folder, 'temporal', [
    ...['server', 'start-dev'],
    ...flags({
      ip: '127.0.0.1',
      port,
      'http-port': httpPort,
      'ui-port': uiPort,
      'db-filename': path.join(folder, 'temporal.db'),
      'log-level': 'warn',
      'dynamic-config-value': 'frontend.enableServerVersionCheck=false',
      'search-attribute': SEARCH_ATTRIBUTES.map((name) => `${name}=Keyword`),
    }),
  ]);
  const http = `http://127.0.0.1:${httpPort}`;
  await until('Temporal to serve', server, async () => (await fetch(`${http}/api/v1/namespaces/${NAMESPACE}`)).ok);
  return { address: `127.0.0.1:${port}`, namespace: NAMESPACE, http, ui: `http://127.0.0.1:${uiPort}` };
}
