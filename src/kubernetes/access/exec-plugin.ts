import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LONGEST_SAYING, plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import type { ClusterEntry, ExecEntry } from './schema.js';

/**
 * Adapter: a credential plugin, run as kubectl runs it (kubernetes.io, "client-go credential plugins"; client-go
 * plugin/pkg/client/auth/exec/exec.go). The library's ExecAuth sets no KUBERNETES_EXEC_INFO, hides prompts, waits without end,
 * and asks again only once the time in the answer is past.
 */

/** What a plugin gives. */
export interface Credential {
  token?: string;
  /** PEM. */
  cert?: string;
  key?: string;
  /** Milliseconds since the epoch; absent: until it is refused. */
  until?: number;
}

/** One plugin as a kubeconfig names it. */
export interface Plugin {
  exec: ExecEntry;
  cluster: ClusterEntry;
  /** Somebody sits there who can answer, and who can read. Without the second, a plugin may still open a browser. */
  terminal: { input: boolean; output: boolean };
  /** Milliseconds until it is given up; five times that where somebody has to act. */
  timeoutMs: number;
}

const API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const WITH_A_PERSON = 5;
const LONGEST_ANSWER = 1_000_000;
const LONGEST_WORDS = 20_000;

const answerSchema = z.object({
  kind: z.literal('ExecCredential'),
  apiVersion: z.string(),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().nullish(),
  }),
});

/** @throws Error that says what to do, and quotes nothing that could be a credential */
export async function askPlugin(plugin: Plugin): Promise<Credential> {
  const { exec } = plugin;
  if (!exec.command) throw new Error('the kubeconfig has an exec plugin without a command');
  if (!API_VERSIONS.includes(exec.apiVersion ?? ''))
    throw new Error(
      `exec plugin ${nameOf(exec)} has apiVersion ${plain(exec.apiVersion ?? '(none)')}: reroot and kubectl know ${API_VERSIONS.join(' and ')}`,
    );
  return credentialIn(await run(plugin, isInteractive(plugin)), exec);
}

/** Whether it may ask somebody. @throws Error when it needs one and there is none */
function isInteractive({ exec, terminal }: Plugin): boolean {
  const mode = exec.interactiveMode ?? 'IfAvailable';
  if (mode === 'Never') return false;
  if (mode === 'IfAvailable') return terminal.input;
  if (mode !== 'Always')
    throw new Error(`exec plugin ${nameOf(exec)} has an interactiveMode that nobody knows: ${plain(mode)}`);
  if (!terminal.input)
    throw new Error(
      `exec plugin ${nameOf(exec)} asks somebody at a terminal (interactiveMode: Always), and here is none`,
    );
  return true;
}

function run(plugin: Plugin, interactive: boolean): Promise<string> {
  const { exec, terminal } = plugin;
  const attended = interactive || terminal.output;
  const timeoutMs = attended ? plugin.timeoutMs * WITH_A_PERSON : plugin.timeoutMs;
  const child = spawn(exec.command ?? '', exec.args, {
    env: {
      ...process.env,
      ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
      ...execInfo(plugin, interactive),
    },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', terminal.output ? 'inherit' : 'pipe'],
    detached: !attended, // a group of its own, so that what it has started ends with it
  });
  const out = collected(child.stdout, LONGEST_ANSWER);
  const words = collected(child.stderr, LONGEST_WORDS);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      endGroup(child, attended);
      reject(new Error(`exec plugin ${nameOf(exec)} has not answered within ${timeoutMs / 1000}s`));
    }, timeoutMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(notStarted(exec, error));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out());
      else reject(new Error(`exec plugin ${nameOf(exec)} ended with ${code ?? signal}${saidWith(words())}`));
    });
  });
}

function execInfo({ exec, cluster }: Plugin, interactive: boolean): Record<string, string> {
  const spec = { interactive, ...(exec.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}) };
  return { KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, spec }) };
}

/** What the plugin may know of its cluster (client.authentication.k8s.io/v1, Cluster). */
function clusterInfo(cluster: ClusterEntry): object {
  const file = cluster['certificate-authority'];
  return present({
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] ?? undefined,
    'certificate-authority-data': file ? readFileSync(file).toString('base64') : cluster['certificate-authority-data'],
    'proxy-url': cluster['proxy-url'],
    config: cluster.extensions.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension,
  });
}

/** What it has written so far: no more than that is kept. */
function collected(stream: NodeJS.ReadableStream | null, most: number): () => string {
  const parts: Buffer[] = [];
  let length = 0;
  stream?.on('data', (part: Buffer) => {
    if (length < most) parts.push(part);
    length += part.length;
  });
  return () => Buffer.concat(parts).toString('utf8');
}

function endGroup(child: ChildProcess, attended: boolean): void {
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(attended ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

function notStarted(exec: ExecEntry, { code }: NodeJS.ErrnoException): Error {
  const hint = exec.installHint ? `: ${plain(exec.installHint.trim(), LONGEST_SAYING)}` : '';
  return new Error(
    code === 'ENOENT'
      ? `exec plugin ${nameOf(exec)} is not there${hint}`
      : `exec plugin ${nameOf(exec)} cannot be started (${code ?? 'unknown'})${hint}`,
  );
}

function credentialIn(text: string, exec: ExecEntry): Credential {
  const { data } = answerSchema.safeParse(json(text));
  if (data?.apiVersion !== exec.apiVersion || !data)
    throw new Error(
      `exec plugin ${nameOf(exec)} has answered with no ExecCredential of ${plain(exec.apiVersion ?? '')}`,
    );
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = data.status;
  if ((!token && !cert) || Boolean(cert) !== Boolean(key))
    throw new Error(`exec plugin ${nameOf(exec)} has answered with neither a token nor a certificate with its key`);
  const until = Date.parse(expirationTimestamp ?? '');
  return present({ token, cert, key, until: Number.isNaN(until) ? undefined : until });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The command without its arguments: they may have credentials in them. */
export function nameOf({ command }: ExecEntry): string {
  return plain(command ?? '(none)');
}

/** Words of a language, and what people put around them; a credential is no such word. */
const WORD = /^["'`(]?(?:[A-Z]?[a-z]{0,15}|[A-Z]{1,5})(?:['’][a-z]{1,2})?["'`)]?[.,:;!?]?$/;
const SHORT_NUMBER = /^\(?\d{1,4}\)?[.,:;]?$/;

/** What it said on stderr, as far as no credential can be in it: other words are left out. */
function saidWith(stderr: string): string {
  const words = plain(stderr.trim(), LONGEST_SAYING)
    .split(/\s+/)
    .map((word) => (WORD.test(word) || SHORT_NUMBER.test(word) ? word : '…'));
  const said = words.join(' ').replaceAll(/(?:… )+…/g, '…');
  return /[a-z]/i.test(said) ? `, saying: ${said}` : '';
}
