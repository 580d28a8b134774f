import { existsSync } from 'node:fs';
import path from 'node:path';
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
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: given });
    return {
      connectionOptions,
      namespace: namespace ?? 'default',
      address: connectionOptions.address ?? DEFAULT_ADDRESS,
    };
  } catch (error) {
    throw unreadable(error, env);
  }
}

/** A parser of TOML quotes the lines that it does not understand, and a profile has an API key in them. */
function unreadable(error: unknown, env: NodeJS.ProcessEnv): Error {
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const file = profileFile(env);
  return new Error(
    `Temporal's configuration cannot be read: ${what}${file === undefined ? '' : ` (variables TEMPORAL_*, and ${file})`}`,
  );
}

/**
 * Where Temporal's profiles are: as `@temporalio/envconfig` and the Temporal CLI look for them, which is
 * `~/Library/Application Support` on a Mac.
 * @returns undefined where the environment does not say where its user is at home
 */
export function profileFile(env: NodeJS.ProcessEnv, platform: string = process.platform): string | undefined {
  if (env['TEMPORAL_CONFIG_FILE'] !== undefined) return env['TEMPORAL_CONFIG_FILE'];
  const folder = configFolder(env, platform);
  return folder === undefined ? undefined : path.join(folder, 'temporalio', 'temporal.toml');
}

function configFolder({ HOME, APPDATA, XDG_CONFIG_HOME }: NodeJS.ProcessEnv, platform: string): string | undefined {
  if (platform === 'win32') return APPDATA || undefined;
  if (platform === 'darwin') return HOME ? path.join(HOME, 'Library', 'Application Support') : undefined;
  if (XDG_CONFIG_HOME) return path.isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : undefined;
  return HOME ? path.join(HOME, '.config') : undefined;
}

/** Whether a profile or variable names a Temporal server, as the Temporal CLI would read them. */
export function hasTemporalServer(env: NodeJS.ProcessEnv, platform: string = process.platform): boolean {
  if (env['TEMPORAL_ADDRESS'] ?? env['TEMPORAL_PROFILE']) return true;
  const file = profileFile(env, platform);
  return file !== undefined && existsSync(file);
}

/** Variables that mean a server of somebody's own, each by itself. */
const OF_A_SERVER = /^TEMPORAL_(API_KEY|NAMESPACE|TLS|TLS_\w+|GRPC_META_\w+)$/;

/** Variables that are of no use where nothing says at which address the server is. */
export function settingsWithoutServer(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => OF_A_SERVER.test(name) && env[name] && !isDefault(name, env[name]));
}

function isDefault(name: string, value: string): boolean {
  return name === 'TEMPORAL_NAMESPACE' && value === 'default';
}
