import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Course, IssuerState, Row } from '../../../../src/rotation/courses/course.js';
import { COURSES, courseOf } from '../../../../src/rotation/courses/index.js';
import type { Gate } from '../../../../src/rotation/gates.js';

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/strategies.md'), 'utf8');

interface DocumentedStep {
  step: string;
  bundle: string;
  secret: string;
  gate: string;
  how: string;
}

/** The first table below a heading, without marks of emphasis and the row of the start. */
function documented(heading: string): DocumentedStep[] {
  const [, after] = PAGE.split(`\n## ${heading}\n`);
  const [section = ''] = (after ?? '').split('\n## ');
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines
    .slice(2)
    .map((line) =>
      line
        .replaceAll('*', '')
        .split('|')
        .map((cell) => cell.trim()),
    )
    .map(([, step = '', bundle = '', secret = '', , , gate = '', how = '']) => ({ step, bundle, secret, gate, how }))
    .filter(({ step }) => step !== 'start');
}

const SECRET: Record<IssuerState, string> = { previous: 'A', bridge: "A A'", crossover: "A' A", new: 'N' };

/** What a gate wants, in the letters of the page; `t` is the letter of the target. */
const SHOWS: Record<Gate, (t: string) => string> = {
  trustsTarget: (t) => `trusts ${t}`,
  identityTrustsTarget: (t) => `trusts ${t}`,
  presentsTarget: (t) => `presents a leaf under ${t}`,
  presentsAndTrustsTarget: (t) => `presents a leaf under ${t}, trusts ${t}`,
  presentsBothChains: () => "presents A and A'",
  forgotRetired: (t) => `trusts ${t} alone`,
  forgotRetiredRootAndIssuer: (t) => `trusts ${t} alone, presents N`,
  leftRetiredIssuer: () => 'presents N',
};

function programmed({ rows, replaces }: Course, target: 'T' | 'O'): DocumentedStep[] {
  let secret = 'A';
  const before = replaces === 'issuer' ? 'O' : 'O T';
  return rows.map((row) => {
    secret = row.issuer ? SECRET[row.issuer] : secret;
    const bundle = row.retired ? target : before;
    const who = row.whose === 'identity' ? 'identity' : 'every proxy';
    return { step: row.phase, bundle, secret, gate: `${who} ${SHOWS[row.gate](target)}`, how: howOf(row) };
  });
}

function howOf({ approval, whose, by }: Row): string {
  if (approval) return 'you';
  if (whose === 'identity') return 'identity alone';
  return by === 'roll' ? 'rollout' : 'wait';
}

describe('docs/strategies.md', () => {
  it.each([
    ['bridge (default): one forced rollout', COURSES.bridge.course, 'T'],
    ['bridge with `leafRenewal: roll`: two forced rollouts, no waiting', COURSES.bridge.rolled, 'T'],
    ['patient: two forced rollouts', COURSES.patient.course, 'T'],
    ['standard: three forced rollouts', COURSES.standard.course, 'T'],
    ['The issuer alone: no forced rollout', COURSES.issuer.course, 'T'],
    ['Changing your mind', courseOf({ strategy: 'bridge', leafRenewal: 'wait', direction: 'back' }), 'O'],
  ] as const)('"%s" is what the program does', (heading, course, target) => {
    expect(documented(heading)).toEqual(programmed(course, target));
  });
});
