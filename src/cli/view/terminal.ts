import { plain } from '../../ground/plain.js';

/**
 * What reaches a terminal: nothing but the CLI's own words, colours and line breaks. A status, a report or an answer comes
 * from whoever reaches the Temporal namespace, and has in it what tenants have written.
 */

/** Characters of one text: a finding with its hint. */
const LONGEST = 2200;

/** A copy in which every text, and every name of a field, is one plain line; dates and numbers stay. */
export function plainly<T>(value: T): T {
  return mapped(value) as T;
}

function mapped(value: unknown): unknown {
  if (typeof value === 'string') return plain(value, LONGEST);
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [plain(name), mapped(field)]));
}
