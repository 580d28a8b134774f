import { describe, expect, it } from 'vitest';
import { type HandOff, withinBounds } from '../../../src/rotation/hand-off.js';
import { bundleDifference } from '../../../src/rotation/hand-off-difference.js';
import { handOffUndone } from '../../../src/rotation/reverted.js';
import { statusMarkdown } from '../../../src/rotation/status.js';
import { handOffWait, showWaits } from '../../../src/rotation/waits.js';
import { statusWith } from '../hostile-rotation.js';

const root = (name: string) => ({ fingerprint: name.repeat(64), commonName: name });
const [O, T] = [root('o'), root('t')];
const STAYS = { retired: [], past: false };
const PEM = `-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(16)}\n-----END CERTIFICATE-----\n`;
const handOff = (value: string): HandOff => ({
  who: 'Argo CD',
  for: 'the bundle to have the new root',
  difference: ['it lacks root t'],
  todo: 'Write it.',
  places: [{ kind: 'ConfigMap', namespace: 'linkerd', name: 'roots', key: 'ca-bundle.crt', value }],
  seen: 'abc',
});

describe('the difference of a bundle', () => {
  it('says which copy has it and which has not', () => {
    const places = [
      { name: 'roots', found: [O, T], wanted: [O, T] },
      { name: 'values', found: [O], wanted: [O, T] },
    ];
    expect(bundleDifference(places, STAYS)).toEqual([
      'roots is as asked for: the other copies are not yet',
      'values lacks root tttttttttttt (t)',
    ]);
  });
  it('does not mind the order, and minds what identity could not read', () => {
    expect(bundleDifference([{ name: 'roots', found: [T, O], wanted: [O, T] }], STAYS)).toEqual([]);
    expect(bundleDifference([{ name: 'roots', found: [O], wanted: [O], unreadable: 'text after it' }], STAYS)).toEqual([
      'roots cannot be read by identity at its next start: text after it',
    ]);
  });
});

describe('what is shown of a hand-off', () => {
  it('travels in bounded size', () => {
    const long = { ...handOff(PEM), helm: 'x' };
    const [place] = long.places ?? [];
    if (place) place.document = 'x'.repeat(100_000);
    expect(withinBounds(long).places?.[0]).not.toHaveProperty('document');
    const longer = withinBounds(handOff(PEM.repeat(2000)));
    expect(longer.places).toBeUndefined();
    expect(longer.todo).toContain('too long to be shown');
  });
  it('stands in the details of the Temporal UI: who, since when, the difference, and the certificates to copy', () => {
    const status = statusWith(() => 'x');
    status.stragglers = [];
    showWaits(status, [handOffWait(handOff(PEM), '2026-01-01T00:00:00Z')]);
    const text = statusMarkdown(status);
    expect(text).toContain('waiting for handOff');
    expect(text).toMatch(
      /Waiting since 2026-01-01T00:00:00Z for the bundle to have the new root, which Argo CD writes/,
    );
    expect(text).toContain('- it lacks root t');
    expect(text).toContain(`\`\`\`\n${PEM}\`\`\``);
  });
  it('asks again when it is gone', () => {
    expect(handOffUndone('ConfigMap roots', 'the new root is gone from it', 'argocd at noon')).toMatchObject({
      reason: 'HandOffUndone',
      message: 'the new root is gone from it; last written by argocd at noon',
    });
  });
});
