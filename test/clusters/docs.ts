import { readFile } from 'node:fs/promises';
import type { Area } from './row.js';

const CHAPTER = '## Clusters as people have them';

/** What docs/compatibility.md tells: per heading, the cells of each row. */
export async function toldInDocs(): Promise<Record<string, string[][]>> {
  const text = await readFile(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
  const [, chapter = ''] = text.split(`${CHAPTER}\n`);
  const [own = ''] = chapter.split('\n## ');
  const [, ...sections] = own.split('\n### ');
  return Object.fromEntries(sections.map((section) => [section.slice(0, section.indexOf('\n')), cellsOf(section)]));
}

function cellsOf(section: string): string[][] {
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** What the docs have to tell. */
export function toBeTold(areas: readonly Area[]): Record<string, string[][]> {
  const rowsOf = ({ rows }: Area) => rows.map(({ have, does, made }) => [have, does, made]);
  return Object.fromEntries(areas.map((area) => [area.title, rowsOf(area)]));
}
