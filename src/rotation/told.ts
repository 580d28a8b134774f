import type { Capped } from './capped.js';

/** What people have been told of last: the findings that status names, and how many there are of each reason. */
export interface Told {
  names: string[];
  byReason: Record<string, number>;
  /** ISO 8601. */
  at: string;
}

export function toldOf({ shown, byReason }: Pick<Capped, 'shown' | 'byReason'>, at: string): Told {
  return { names: shown.map(({ subject }) => subject.name), byReason, at };
}

/**
 * Whether people have to be told that what they have been told of has changed: at once when nothing is left of it, else
 * not more often than every `leastMs`. So a wait costs little history whatever the mesh does meanwhile.
 */
export function isNews(now: Capped, told: Told | undefined, at: Date, leastMs: number): boolean {
  if (isSame(now, told)) return false;
  if (now.total === 0 || told === undefined) return true;
  return at.getTime() - Date.parse(told.at) >= leastMs;
}

function isSame(now: Capped, told: Told | undefined): boolean {
  const { names, byReason } = toldOf(now, '');
  return (
    names.length === (told?.names.length ?? 0) &&
    names.every((name) => told?.names.includes(name)) &&
    Object.entries(byReason).every(([reason, count]) => told?.byReason[reason] === count)
  );
}
