import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { reasonsIn, untested } from './reasons.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

function textsIn(folder: string): Record<string, string> {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]));
}

const product = Object.assign({}, ...['src', 'workflows', 'activities', 'worker'].map(textsIn)) as Record<
  string,
  string
>;
const { [path.relative(ROOT, import.meta.filename)]: _, ...tests } = textsIn('test/unit');

describe('reasonsIn', () => {
  it.each([
    ['a field', "{ reason: 'InventedReason', message: 'Sentence' }", ['InventedReason']],
    [
      'a choice',
      "{ reason:\n what === 'Root'\n ? 'OneReason'\n : 'OtherReason', x: 'No' }",
      ['OneReason', 'OtherReason'],
    ],
    ['a problem', "error(\n  'InventedReason',\n  `of ${f('No', 'No')}`)", ['InventedReason']],
    [
      'a warning and an unproven shortfall',
      "warning('OneReason', 'No'); unproven('OtherReason')",
      ['OneReason', 'OtherReason'],
    ],
    ['a failed detection', "throw new DetectionError('InventedReason', 'Sentence', 'Hint')", ['InventedReason']],
    ['each reason once', "reason: 'InventedReason', reason: 'InventedReason'", ['InventedReason']],
  ])('finds %s', (_what, source, reasons) => expect(reasonsIn(source)).toEqual(reasons));

  it.each([
    ['a type', "interface Event { reason: 'Updated' | 'Skipped'; }"],
    ['a comparison', "if (reason === 'InventedReason') return"],
    ['a log line', "logger.error('Stopped')"],
    ['what a person writes', "{ reason: 'known' }"],
  ])('finds nothing in %s', (_what, source) => expect(reasonsIn(source)).toEqual([]));
});

describe('untested', () => {
  const sources = { 'src/a.ts': "reason: 'InventedReason'", 'src/b.ts': "error('OtherReason')" };
  it('names a reason that no test quotes, and where it is given', () => {
    expect(untested(sources, { 'a.test.ts': "expect(reason).toBe('OtherReason') // InventedReason" })).toEqual([
      'InventedReason (src/a.ts)',
    ]);
  });
  it('is empty when each is quoted somewhere', () => {
    expect(untested(sources, { 'a.test.ts': "'InventedReason'", 'b.test.ts': "'OtherReason'" })).toEqual([]);
  });
});

describe('the reasons of the product', () => {
  it('are each quoted in a unit test', () => expect(untested(product, tests)).toEqual([]));
  it('are many: the scanner reads what there is', () => {
    expect(new Set(Object.values(product).flatMap(reasonsIn)).size).toBeGreaterThan(50);
  });
});
