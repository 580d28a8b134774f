import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** docs/reasons.md, which is part of the package: each reason with its cause and cure. */

export interface Reason {
  name: string;
  /** What it means, in a sentence. */
  summary: string;
  /** The section, as it is read on a terminal. */
  text: string;
}

const PAGE = 'docs/reasons.md';

let read: Reason[] | undefined;

/** In the order of the page; empty where the page is not there. */
export function reasons(): Reason[] {
  read ??= reasonsOf(pageText());
  return read;
}

export function reasonsOf(page: string): Reason[] {
  const [, ...sections] = page.split(/^## /m);
  return sections.map((section) => {
    const [name = '', ...lines] = section.trim().split('\n');
    const text = forTerminal(lines.join('\n').trim());
    const [summary = ''] = text.split('\n\n');
    return { name, summary: summary.replaceAll('\n', ' '), text };
  });
}

/** However it is written. */
export function reasonNamed(wanted: string): Reason | undefined {
  return reasons().find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
}

/** Names that were perhaps meant, the likeliest first. */
export function reasonsLike(wanted: string): string[] {
  const asked = wanted.toLowerCase();
  const ranked = reasons().map(({ name }) => ({ name, far: distance(asked, name.toLowerCase()) }));
  const near = ranked.filter(({ name, far }) => name.toLowerCase().includes(asked) || far <= name.length / 3);
  return near
    .toSorted((a, b) => a.far - b.far)
    .slice(0, MOST_LIKE)
    .map(({ name }) => name);
}

const MOST_LIKE = 5;

/** Letters to add, to leave out or to change (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of Array.from(one).entries()) {
    const next = [at + 1];
    for (const [index, against] of Array.from(other).entries()) {
      const changed = (row[index] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(changed, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** `[permissions.md](permissions.md)` is `docs/permissions.md`, `[Reverted](#reverted)` a reason. */
function forTerminal(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]+)\]\(#[^)]*\)/g, '$1')
    .replaceAll(/\[[^\]]+\]\(([^)#]+)[^)]*\)/g, 'docs/$1')
    .replaceAll('**', '');
}

/** Wherever this module is: in the sources, or in a bundle beside the package's pages. */
function pageText(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, PAGE);
    if (existsSync(file)) return readFileSync(file, 'utf8');
    if (folder === path.dirname(folder)) return '';
  }
}
