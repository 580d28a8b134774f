import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { reasonsOf } from '../../../src/cli/reasons.js';
import { failureTypesIn, kubernetesTypesIn, reasonsIn, untested } from './reasons.js';

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

describe('failureTypesIn', () => {
  it.each([
    [
      'the second argument',
      "throw ApplicationFailure.nonRetryable(\n `a, ${f('No', 1)}`,\n 'InventedType',\n details)",
    ],
    ['a field', "ApplicationFailure.create({ type: 'InventedType', message: 'Sentence' })"],
  ])('finds %s', (_what, source) => expect(failureTypesIn(source)).toEqual(['InventedType']));
  it('finds nothing in a type that is made elsewhere', () => {
    expect(failureTypesIn('ApplicationFailure.nonRetryable(message, type)')).toEqual([]);
  });
});

/** What `reroot explain` knows. */
describe('docs/reasons.md', () => {
  const named = reasonsOf(readFileSync(path.join(ROOT, 'docs/reasons.md'), 'utf8'));
  const names = named.map(({ name }) => name);
  const given = Object.entries(product).flatMap(([file, source]) => {
    const failures = /^(activities|workflows|worker)/.test(file) ? failureTypesIn(source) : [];
    return [...reasonsIn(source), ...failures, ...kubernetesTypesIn(source)].map((reason) => ({ reason, file }));
  });
  it('explains every reason and every failure of the program: these are missing', () => {
    const missing = given.filter(({ reason }) => !names.includes(reason));
    expect(missing.map(({ reason, file }) => `## ${reason} (${file})`)).toEqual([]);
  });
  it('explains nothing that the program never says: these are superfluous', () => {
    const said = new Set(given.map(({ reason }) => reason));
    const quoted = (name: string) => Object.values(product).some((source) => source.includes(`'${name}'`));
    expect(names.filter((name) => !said.has(name) && !quoted(name))).toEqual([]);
  });
  it('is in the order of the alphabet, each reason once, with what it blocks, its cause and its cure', () => {
    expect(names).toEqual([...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1)));
    for (const { name, text } of named) {
      for (const part of ['Blocks', 'Cause', 'Cure']) expect(text, name).toContain(`\n- ${part}: `);
    }
  });
});

describe('the reasons of the product', () => {
  it('are each quoted in a unit test', () => expect(untested(product, tests)).toEqual([]));
  it('are many: the scanner reads what there is', () => {
    expect(new Set(Object.values(product).flatMap(reasonsIn)).size).toBeGreaterThan(50);
  });
});
