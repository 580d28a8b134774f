import { loadClientConnectConfig } from '@temporalio/envconfig';

const DEFAULT_ADDRESS = 'localhost:7233';

/** Where Temporal is: profile file and environment variables, as the Temporal CLI reads them. */
export interface TemporalConfig {
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
  namespace: string;
  address: string;
}

/** @throws Error when a profile or variable cannot be read */
export function loadTemporalConfig(env: NodeJS.ProcessEnv): TemporalConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given });
  return {
    connectionOptions,
    namespace: namespace ?? 'default',
    address: connectionOptions.address ?? DEFAULT_ADDRESS,
  };
}
