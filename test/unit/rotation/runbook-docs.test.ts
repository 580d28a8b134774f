import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tableUnder } from '../../../src/cli/reference/tables.js';
import type { Phase } from '../../../src/rotation/phases.js';
import type { Waiting } from '../../../src/rotation/status.js';
import { STEP_WAITS, WAITS } from '../../../src/rotation/waits.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const page = read('docs/operate.md');

/** Each once: the compiler asks for those that are missing. */
const PHASES: Record<Phase, true> = {
  ...{ preflight: true, generate: true, trust: true, bridge: true, renew: true, approve: true },
  ...{ retire: true, issue: true, refresh: true, finish: true, abort: true },
};
const KINDS: Record<Waiting['kind'], true> = {
  ...{ worker: true, approval: true, paused: true, attention: true, handOff: true, renewal: true, window: true },
};

/** The text under a heading of the third rank. */
function sectionOf(heading: string): string {
  const [, text = ''] = page.split(`\n### ${heading}\n`);
  const [own = ''] = text.split(/\n##/);
  return own;
}

describe('the runbook of docs/operate.md', () => {
  it.each(Object.keys(PHASES))('says of phase %s what is normal, where to look, and what not to do', (phase) => {
    const text = sectionOf(`Phase: ${phase}`);
    for (const part of ['**Normal:**', '**If it ', '**Look at:**', '**Never']) {
      expect(text.includes(part) || (phase === 'approve' && part === '**If it '), `${phase} ${part}`).toBe(true);
    }
  });
  it.each(Object.keys(KINDS))('has a section for waits of kind %s', (kind) =>
    expect(sectionOf(`Wait: ${kind}`)).not.toBe(''),
  );
  it.each(Object.entries(WAITS))('says what people do in wait %s', (name, { kind }) =>
    expect(sectionOf(`Wait: ${kind}`)).toMatch(new RegExp(String.raw`^\| \`${name}\` +\| \S`, 'm')),
  );
  it.each(Object.entries(STEP_WAITS))('says where to look when the step waits for %s', (name, { asks }) => {
    const [row = ''] = new RegExp(String.raw`^\| \`${name}\` .*$`, 'm').exec(sectionOf('Wait: attention')) ?? [];
    const [, reason] = /`([A-Z]\w+)`$/.exec(asks) ?? [];
    expect(row).toContain(reason === undefined ? 'none' : `\`${reason}\``);
  });
  it('links to sections that there are', () => {
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });
});

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

describe('the upgrade notes', () => {
  it('have a row for each version that CHANGELOG has, but the first', () => {
    const [, ...versions] = [...read('CHANGELOG.md').matchAll(/^## \[(\d+\.\d+)\.\d+\]/gm)]
      .map(([, version = '']) => version)
      .toReversed();
    const [, notes = ''] = page.split('\n### By version\n');
    const rows = tableUnder(`\n## x\n${notes}`, 'x').map(([version]) => version);
    expect(rows).toEqual(expect.arrayContaining(versions));
  });
});
