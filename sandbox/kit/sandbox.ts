import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStillAlive } from '../../src/ground/process.js';
import { NODES } from '../cluster/objects.js';
import { built } from '../cluster/paths.js';
import { tail, tool } from '../cluster/processes.js';
import { FACTS_FILE, type SandboxFacts, type SandboxOptions } from '../facts.js';
import { meshedPodCount } from '../linkerd/apps.js';
import { VERSIONS } from '../linkerd/install/versions.js';
import { proxiesReadyMs } from '../linkerd/standin.js';
import { type StandIn, standInAt } from '../linkerd/standin-client.js';
import { optionalTools } from './optional-tools.js';

/** A running sandbox: a real Kubernetes control plane, a real Temporal server, and a mesh of stand-in proxies. */
export interface Sandbox extends SandboxFacts {
  mesh: StandIn;
  /** Ends all its processes, and removes its folder if it was made for it. */
  stop(): Promise<void>;
}

export const DEFAULTS: SandboxOptions = {
  linkerd: '2.20',
  issuer: 'linkerd',
  certificates: 'separate',
  install: 'cli',
  apps: 'demo',
  identityReplicas: 1,
  kubeletLagMs: 2000,
  issuanceLifetime: '24h0m0s',
  minRefreshMs: 10_000,
  probeRate: 100,
};

export interface StartOptions extends Partial<SandboxOptions> {
  /** Default: a new temporary folder. */
  folder?: string;
  /** Stays when this process ends (`sandbox up`); otherwise it ends with it, even by SIGKILL. */
  stay?: boolean;
}

/** @throws Error with the end of the host's log when it does not come up */
export async function startSandbox({ folder: wanted, stay = false, ...options }: StartOptions = {}): Promise<Sandbox> {
  const all = completed(options);
  const folder = wanted ?? mkdtempSync(path.join(tmpdir(), 'reroot-sandbox-'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  rmSync(path.join(folder, FACTS_FILE), { force: true });
  const env = await withOptionalTools(all);
  const child = spawnHost(folder, all, { stay, env });
  const facts = await waitForFacts(folder, child, upWithinMs(all.apps));
  return {
    ...facts,
    mesh: standInAt(facts.standin),
    stop: async () => {
      await stopHost(facts);
      if (!wanted) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The sandbox that lives in a folder, if it does. */
export function findSandbox(folder: string): SandboxFacts | undefined {
  const file = path.join(folder, FACTS_FILE);
  if (!existsSync(file)) return undefined;
  const facts = JSON.parse(readFileSync(file, 'utf8')) as SandboxFacts;
  return isStillAlive(facts.pid, facts.born) ? facts : undefined;
}

/** Names that are one folder, in every file system, and never one above. */
const SANDBOX_NAME = /^(?!.*\.\.)[a-z0-9][-a-z0-9.]{0,62}$/;

/** @throws Error when the name would be anything else than one folder: it is removed with all that is in it */
export function namedFolder(name: string): string {
  if (!SANDBOX_NAME.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be the name of a sandbox: that is small letters, digits, "-" and single ".", ` +
        'begins with a letter or a digit, and has 63 of them at most',
    );
  const state = process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state');
  return path.join(state, 'reroot', 'sandboxes', name);
}

/** Ends the host that wrote these facts down; whoever else has its id by now is left alone. */
export async function stopHost({ pid, born }: Pick<SandboxFacts, 'pid' | 'born'>): Promise<void> {
  const lives = () => isStillAlive(pid, born);
  if (!lives()) return;
  process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 200 && lives(); tries += 1) await sleep(50);
  if (lives()) process.kill(pid, 'SIGKILL'); // its servers are leashed to it
}

function completed(options: Partial<SandboxOptions>): SandboxOptions {
  const all = { ...DEFAULTS, ...options };
  if (!all.certManager) return all;
  if (VERSIONS[all.linkerd].layout !== 'D')
    throw new Error(`Linkerd ${all.linkerd} takes no trust roots of cert-manager's: choose 2.11 or newer`);
  return { ...all, issuer: 'kubernetes' };
}

/** Builds them where they are nowhere, in minutes: nobody else has to wait for that. */
async function withOptionalTools({ certManager, realHelm }: SandboxOptions): Promise<NodeJS.ProcessEnv> {
  return await optionalTools([
    ...(certManager ? (['cert-manager', 'trust-manager'] as const) : []),
    ...(realHelm ? (['helm'] as const) : []),
  ]);
}

interface HostProcess {
  stay: boolean;
  env: NodeJS.ProcessEnv;
}

function spawnHost(folder: string, options: SandboxOptions, { stay, env }: HostProcess): ChildProcess {
  const log = openSync(path.join(folder, 'host.log'), 'a');
  const host = [
    process.execPath,
    built('sandbox.js'),
    'host',
    '--folder',
    folder,
    '--options',
    JSON.stringify(options),
  ];
  const [command = '', ...args] = stay ? host : [tool('leash'), ...host];
  const child = spawn(command, args, { detached: stay, stdio: ['ignore', log, log], env });
  if (stay) child.unref();
  return child;
}

/** What the host waits for its proxies, and its servers' start. */
function upWithinMs(apps: SandboxOptions['apps']): number {
  return 10_000 + proxiesReadyMs(meshedPodCount(apps, NODES));
}

async function waitForFacts(folder: string, child: ChildProcess, withinMs: number): Promise<SandboxFacts> {
  const log = path.join(folder, 'host.log');
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    const facts = findSandbox(folder);
    if (facts) return facts;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(50);
  }
  throw new Error(`the sandbox did not come up; the end of ${log}:\n${tail(log)}`);
}
