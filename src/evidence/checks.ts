import { plain } from '../ground/plain.js';

/** What `reroot verify` looks at, and what it finds. */

export interface Check {
  /** Stable CamelCase word. */
  name: CheckName;
  /** What holds when it is passed, in a sentence with counts. */
  what: string;
  passed: boolean;
  /** Each thing that does not hold, by the name of what it is about. */
  problems: string[];
  /** How many more there are. */
  omitted?: number;
}

export type CheckName =
  | 'File'
  | 'ReportDigest'
  | 'NotedDigest'
  | 'EvidenceDigest'
  | 'SameRotation'
  | 'Certificates'
  | 'Chains'
  | 'Anchors'
  | 'NothingMissing'
  | 'NoPrivateKey';

/** Problems of one check that are named; a mesh may have 10,000. */
const MOST_NAMED = 1000;
const LONGEST_PROBLEM = 500;

export function check(name: CheckName, what: string, problems: readonly string[]): Check {
  const omitted = problems.length - MOST_NAMED;
  return {
    ...{ name, what, passed: problems.length === 0 },
    problems: problems.slice(0, MOST_NAMED).map((problem) => plain(problem, LONGEST_PROBLEM)),
    ...(omitted > 0 ? { omitted } : {}),
  };
}

export function allHold(checks: readonly Check[]): boolean {
  return checks.every(({ passed }) => passed);
}

/** `1 proxy`, `2 proxies`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
