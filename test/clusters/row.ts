import { expect } from 'vitest';
import type { Finding } from '../../src/rotation/findings.js';
import { reroot } from '../integration/support.js';

/** One kind of cluster that people have, made, and what reroot says or does there (docs/compatibility.md tells the same). */
export interface Row {
  /** Which report of the field it comes from, or is a sibling of (1 to 21); of none: what asks for it. */
  report: number | string;
  /** What people have: a sentence of the docs, in Markdown. */
  have: string;
  /** What reroot does: a sentence of the docs, in Markdown. */
  does: string;
  /** What the test makes of it, and on what: `API server: …`, `Temporal server: …`, `process: …`. */
  made: string;
  /** It stands for its kind in `npm test`. */
  sample?: true;
  /** Makes it, looks, checks, and takes it away again. @returns what reroot said or did, in one line */
  see(): Promise<string>;
}

/** Milliseconds that one row may take: some see a whole rotation. */
export const LONGEST_ROW_MS = 300_000;

/** Rows of one kind, as the docs group them. */
export interface Area {
  /** A heading of docs/compatibility.md. */
  title: string;
  rows: readonly Row[];
}

/** What `reroot preflight` says of the shared mesh as it is now. */
export interface PreflightSaid {
  code: number;
  findings: Finding[];
}

export async function preflight(args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<PreflightSaid> {
  const { code, stdout, stderr } = await reroot(['preflight', '-o', 'json', ...args], env);
  expect(stdout, stderr).not.toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, findings };
}

/** The first finding of a reason, which has to be there. */
export function found({ findings }: Pick<PreflightSaid, 'findings'>, reason: string): Finding {
  const one = findings.find((finding) => finding.reason === reason);
  expect(one, `${reason} among ${findings.map((finding) => finding.reason).join(', ')}`).toBeDefined();
  return one as Finding;
}

/** A finding as a row of the table says it. */
export function said({ reason, severity, message }: Finding): string {
  return `${reason} (${severity === 'block' ? 'blocks' : 'warns'}): ${message}`;
}
