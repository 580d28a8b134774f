import { describe, expect, it } from 'vitest';
import { addNote } from '../../../src/rotation/notes.js';

const LIMIT = 256 * 1024;

function notesOf(count: number): string[] {
  const notes: string[] = [];
  for (let index = 0; index < count; index += 1) addNote(notes, `note ${index} ${'x'.repeat(350)}`);
  return notes;
}

describe('notes', () => {
  it('are kept as they are while they are few', () => {
    const notes: string[] = [];
    addNote(notes, 'one');
    addNote(notes, 'two');
    expect(notes).toEqual(['one', 'two']);
    expect(notesOf(200)).toHaveLength(200);
  });
  it('of many are those of the beginning and the newest, and the others are counted', () => {
    const notes = notesOf(10_000);
    expect(notes).toHaveLength(200);
    expect(notes[99]).toContain('note 99 ');
    expect(notes[100]).toBe('… 9801 notes are left out here.');
    expect(notes[101]).toContain('note 9901 ');
    expect(notes.at(-1)).toContain('note 9999 ');
    expect(notesOf(201)[100]).toBe('… 2 notes are left out here.');
  });
  it('fit into the report of a rotation that has had ten thousand', () => {
    expect(JSON.stringify({ notes: notesOf(10_000) }).length).toBeLessThan(LIMIT);
  });
  it('fit, however long each of them is, and the newest is always among them', () => {
    const notes: string[] = [];
    for (let index = 0; index < 100; index += 1) addNote(notes, `note ${index} ${'€'.repeat(30_000)}`, 32_000);
    expect(Buffer.byteLength(JSON.stringify(notes))).toBeLessThan(320 * 1024);
    expect(notes.at(-1)).toContain('note 99 ');
    expect(notes.at(0)).toContain('note 0 ');
    expect(notes.join('')).toContain('notes are left out here.');
  });
  it('are cut where nobody would read on, but a bundle is kept whole', () => {
    const notes: string[] = [];
    addNote(notes, 'x'.repeat(10_000));
    addNote(notes, 'y'.repeat(10_000), 32_000);
    expect(notes.map(({ length }) => length)).toEqual([2000, 10_000]);
  });
});
