import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from '../../src/pki/certificate.js';

/** What Go is asked: files as identity reads them, and chains as it verifies them. */
export interface Question {
  files?: Record<string, Buffer>;
  chains?: Record<string, { chain: readonly Certificate[]; anchors: readonly Certificate[]; at: Date }>;
}

export interface Answer {
  /** Fingerprints of what is read, or why nothing is. */
  files: Record<string, { certificates: string[] | null; error: string }>;
  /** Why a chain does not verify; empty: it does. */
  chains: Record<string, string>;
}

/** A program of this machine's Go. */
export interface Oracle {
  ask(question: Question): Promise<Answer>;
  remove(): void;
}

export async function buildOracle(): Promise<Oracle> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-oracle-'));
  const program = path.join(folder, 'oracle');
  await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd: path.join(import.meta.dirname, 'oracle') });
  return {
    ask: async (question) => JSON.parse(await run(program, JSON.stringify(asked(question)))) as Answer,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function asked({ files = {}, chains = {} }: Question) {
  const ders = (certificates: readonly Certificate[]) => certificates.map(({ der }) => der.toString('base64'));
  const each = <T, U>(of: Record<string, T>, to: (value: T) => U) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, to(value)]));
  return {
    files: each(files, (text) => text.toString('base64')),
    chains: each(chains, ({ chain, anchors, at }) => ({ chain: ders(chain), anchors: ders(anchors), at })),
  };
}

function run(program: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => said.push(piece));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(said).toString()) : reject(new Error(`the oracle ended with ${code}`)),
    );
    child.stdin.end(input);
  });
}
