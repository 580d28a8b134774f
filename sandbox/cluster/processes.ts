import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Programs that the sandbox runs, by name; found or built by scripts/tools.mjs, which `npm run` calls first. */
export type ToolName =
  | 'leash'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kwok'
  | 'temporal'
  | 'standin'
  | OptionalTool;

/** What only some sandboxes run. */
export type OptionalTool = 'cert-manager' | 'trust-manager' | 'helm';

/** @throws Error when the program was not started through `npm run` */
export function tool(name: ToolName): string {
  const variable = `REROOT_${name.toUpperCase().replaceAll('-', '_')}`;
  const found = process.env[variable];
  if (!found)
    throw new Error(`${variable} is not set: start the sandbox with \`npm run\`, which finds or builds its tools`);
  return found;
}

/** A server of the sandbox, logging into a file of its folder. It ends with this process, however that ends. */
export interface Server {
  name: string;
  pid: number;
  child: ChildProcess;
  logFile: string;
  /** Standard output, where the server does not log there. */
  firstLine(): Promise<string>;
  stop(): Promise<void>;
}

/** `--name=value` for each; a list gives its flag once for each of its values. */
export function flags(values: Record<string, string | number | boolean | readonly string[]>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [value].flat().map((each) => `--${name}=${each}`));
}

/** The servers that this process has started. */
const started: Server[] = [];
let stopping = false;

/** A server that ends by itself takes the others and this process with it: half a sandbox is worse than none. */
export function startServer(folder: string, name: ToolName, args: readonly string[]): Server {
  const logFile = path.join(folder, `${name}.log`);
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(tool('leash'), [tool(name), ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  child.stderr?.pipe(log);
  let output = '';
  child.stdout?.on('data', (text: Buffer) => {
    output += output.includes('\n') ? '' : text.toString();
    log.write(text);
  });
  const server: Server = {
    name,
    pid: child.pid ?? 0,
    child,
    logFile,
    firstLine: async () => {
      await until(`${name} to say where it is`, server, async () => output.includes('\n'));
      return output.split('\n')[0] ?? '';
    },
    stop: async () => await stop(child),
  };
  started.push(server);
  child.once('exit', () => {
    if (!stopping) void stopAll(`${name} has ended by itself. The end of ${logFile}:\n${tail(logFile)}`, 1);
  });
  return server;
}

export function startedServers(): readonly Server[] {
  return started;
}

/** Ends every server, and then this process. */
export async function stopAll(why: string, exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  process.stderr.write(`sandbox ends: ${why}\n`);
  await Promise.all(started.map(async (server) => await server.stop()));
  process.exit(exitCode);
}

/**
 * Polls until a condition holds.
 *
 * @throws Error with the end of the log when the server ends first or the time is up
 */
export async function until(
  what: string,
  server: Server,
  holds: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await holds().catch(() => false)) return;
    const ended = server.child.exitCode !== null || server.child.signalCode !== null;
    if (ended || Date.now() > end) {
      const why = ended ? 'it has ended' : `not within ${timeoutMs / 1000} s`;
      throw new Error(`waited for ${what}: ${why}. The end of ${server.logFile}:\n${tail(server.logFile)}`);
    }
    await sleep(50);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(killer);
}

/** The last lines of a log, for an error message. */
export function tail(file: string, lines = 15): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}
