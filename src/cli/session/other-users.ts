import { execFileSync } from 'node:child_process';

/** login.defs(5): accounts of people; below are those of the system, above those of containers and `nobody`. */
const PEOPLE = { first: process.platform === 'darwin' ? 501 : 1000, last: 60_000 };

/** Users of this machine who run something on it now, other than the one who asks; none where `ps` cannot say. */
export function otherUsers(self: number | undefined = process.getuid?.()): number[] {
  return peopleIn(runningUsers()).filter((uid) => uid !== self);
}

/** Ids of people's accounts in the output of `ps -o uid=`. */
export function peopleIn(uids: string): number[] {
  const all = uids.split('\n').filter(Boolean).map(Number);
  return [...new Set(all)].filter((uid) => uid >= PEOPLE.first && uid <= PEOPLE.last).toSorted((a, b) => a - b);
}

function runningUsers(): string {
  try {
    return execFileSync('ps', ['-A', '-o', 'uid='], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
