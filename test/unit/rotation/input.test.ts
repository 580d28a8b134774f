import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type InputResult,
  invalidInputMessage,
  keepsRootKey,
  readInput,
  readIssuerInput,
  type RotationInput,
} from '../../../src/rotation/input.js';
import { COUNTS, DURATIONS } from '../../../src/rotation/input-fields.js';
import { WINDOW_FOR } from '../../../src/rotation/rollout-fields.js';
import { UNFIT } from '../hostile.js';

const problems = (result: InputResult) => (result.ok ? [] : result.problems);

describe('readInput', () => {
  it.each([[undefined], [null], [{}]])('fills in every default of %j', (input) => {
    expect(readInput(input)).toMatchObject({
      ok: true,
      settings: { cluster: 'default', approvals: 'beforeRetire', root: { validity: 3650 * 86_400_000 } },
      course: { strategy: 'bridge', leafRenewal: 'wait', direction: 'forward' },
    });
  });

  it('reads durations as milliseconds', () => {
    expect(readInput({ timing: { poll: '1m30s' } })).toMatchObject({ settings: { timing: { poll: 90_000 } } });
  });

  it('names every problem at once, with the fields that there are', () => {
    const found = problems(readInput({ aproval: 1, root: { validity: 'soon', size: 3 }, timing: { poll: 5 } }));
    const message = invalidInputMessage(found);
    expect(message).toContain('The input has 4 problems');
    for (const part of [
      'aproval: no such field (known here: cluster',
      'root.size: no such field (known here: commonName',
      'root.validity: "soon"',
      'timing.poll:',
    ])
      expect(message).toContain(part);
  });

  it('chooses standard when the issuer key may be compromised', () => {
    expect(readInput({ issuerKeyCompromised: true })).toMatchObject({ ok: true, course: { strategy: 'standard' } });
  });

  it.each([
    ['a bridge for a compromised key', { issuerKeyCompromised: true, strategy: 'bridge' }, 'must not be'],
    [
      'an organic pace without a bridge',
      { strategy: 'standard', rollout: { pace: 'organic' } },
      'is for strategy bridge',
    ],
    [
      'an organic pace where the default is not a bridge',
      { issuerKeyCompromised: true, rollout: { pace: 'organic' } },
      'is for strategy bridge',
    ],
    [
      'patient that rolls, which is standard',
      { strategy: 'patient', leafRenewal: 'roll' },
      'patient with roll is standard',
    ],
    ['hurry and patience together', { leafRenewal: 'roll', rollout: { pace: 'organic' } }, 'choose one of them'],
    [
      'an issuer that outlives its root',
      { root: { validity: '10d' }, issuer: { validity: '11d' } },
      'is longer than root.validity',
    ],
    ['an issuer that may not outlive the rotation', { issuer: { validity: '47h' } }, 'is not from 2d to 50y'],
    ['a namespace that is both first and last', { rollout: { first: ['shop'], last: ['shop'] } }, 'shop is in both'],
  ])('refuses %s', (_what, input, problem) => {
    expect(problems(readInput(input))).toEqual([expect.stringContaining(problem)]);
  });
});

const NIGHT = { cron: '0 22 * * sun-thu', timeZone: 'Europe/Berlin', for: '6h' };

describe('how gently, and when', () => {
  const rollout = (given: RotationInput['rollout']) => {
    const result = readInput({ rollout: given });
    return result.ok ? result.settings.rollout : result.problems;
  };
  it('is one workload of each namespace first, ten per cent of stragglers, at any time, with no caps', () => {
    const found = rollout({});
    expect(found).toMatchObject({ canary: 'eachNamespace', maxStragglers: { percent: 10 }, windows: [] });
    for (const cap of ['pods', 'namespaces', 'workloads']) expect(found).not.toHaveProperty(cap);
  });
  it.each([
    [0, { count: 0 }],
    [10_000, { count: 10_000 }],
    ['0%', { percent: 0 }],
    ['100%', { percent: 100 }],
  ])('takes %j for the most stragglers', (maxStragglers, read) => {
    expect(rollout({ maxStragglers })).toMatchObject({ maxStragglers: read });
  });
  it.each([['none' as const], [['shop', 'pay/Deployment/api']]])('takes %j for canaries', (canary) => {
    expect(rollout({ canary })).toMatchObject({ canary });
  });
  it('reads windows, in UTC where no zone is said', () => {
    expect(rollout({ windows: [NIGHT, { cron: '*/5 2-4 1 jan,jul *', for: '1m' }] })).toMatchObject({
      windows: [
        { ...NIGHT, for: 6 * 3_600_000 },
        { cron: '*/5 2-4 1 jan,jul *', timeZone: 'UTC', for: 60_000 },
      ],
    });
  });
  it('names every problem at once', () => {
    const given = { pods: 0, canary: ['A', 'b', 'C/d'], maxStragglers: 'all', windows: [{ cron: 'x', zone: 'UTC' }] };
    expect(problems(readInput({ rollout: given })).map((problem) => problem.split(':')[0])).toEqual([
      ...['rollout.pods', 'rollout.maxStragglers', 'rollout.canary.0', 'rollout.canary.2'],
      ...['rollout.windows.0.cron', 'rollout.windows.0.for', 'rollout.windows.0.zone'],
    ]);
  });
});

/** `a.b` as `{a: {b: value}}`. */
function at(field: string, value: unknown): object {
  return field.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as object;
}

describe('the bounds of the input', () => {
  it.each(Object.entries(DURATIONS))('%s is from %j', (field, [least, most]) => {
    const others = field === 'issuer.validity' ? { root: { validity: '50y' } } : {};
    const short = field === 'root.validity' ? { issuer: { validity: '2d' } } : {};
    for (const value of [least, most])
      expect(problems(readInput({ ...others, ...short, ...at(field, value) }))).toEqual([]);
    for (const value of ['0s', '1ms', '9999y', `${'9'.repeat(20)}y`])
      expect(problems(readInput(at(field, value)))).toContain(`${field}: "${value}" is not from ${least} to ${most}`);
  });
  it('stay below a date that a certificate can hold', () => {
    expect(problems(readInput({ root: { validity: `${'9'.repeat(400)}y` } }))[0]).toContain('is not a duration');
    expect(new Date(Date.now() + 50 * 365 * 86_400_000).getUTCFullYear()).toBeLessThan(9999);
  });
  it.each([
    ['rollout.namespaces', 0, '0 is not a whole number from 1 to 50'],
    ['rollout.workloads', 101, '101 is not a whole number from 1 to 100'],
    ['rollout.workloads', 1.5, '1.5 is not a whole number from 1 to 100'],
    ['rollout.pods', 0, '0 is not a whole number from 1 to 100000'],
    ['rollout.pods', '7', '"7" is not a whole number from 1 to 100000'],
    ['rollout.maxStragglers', 1.5, '1.5 is not a whole number from 0 to 10000, nor a text from "0%" to "100%"'],
    ['rollout.maxStragglers', 10_001, '10001 is not a whole number'],
    ['rollout.maxStragglers', '101%', '"101%" is not a whole number'],
    ['rollout.maxStragglers', '5', '"5" is not a whole number'],
    ['rollout.maxStragglers', null, 'null is not a whole number'],
    ['rollout.canary', 'some', '"some" is not eachNamespace, none, or a list of'],
    ['rollout.canary', [7], '[7] is not eachNamespace, none, or a list of'],
    ['rollout.canary', [], 'is an empty list: say "none"'],
    ['rollout.canary', ['shop', 'Shop'], '"Shop" is not a namespace, or namespace/Kind/name'],
    ['rollout.canary', Array.from({ length: 501 }, (_, index) => `n${index}`), '501 of them are more than 500'],
    ['rollout.windows', Array.from({ length: 21 }, () => NIGHT), '21 of them are more than 20'],
    ['rollout.first', Array.from({ length: 501 }, (_, index) => `n${index}`), '501 of them are more than 500'],
    ['rollout.last', Array.from({ length: 501 }, (_, index) => `n${index}`), '501 of them are more than 500'],
    ['waive', Array.from({ length: 101 }, () => ({ subject: 'shop', reason: 'r' })), '101 of them are more than 100'],
    ['root.commonName', 'x'.repeat(254), 'is not a DNS name (at most 253'],
    ['issuer.commonName', 'x'.repeat(254), 'is not a DNS name (at most 253'],
    ['certificates.secret', 'x'.repeat(254), 'is not a DNS name (at most 253'],
    ['linkerdNamespace', 'x'.repeat(64), 'is not the name of a namespace (at most 63'],
    ['cluster', 'x'.repeat(101), 'is not a name of words'],
  ])('hold for %s', (field, value, problem) => {
    const found = problems(readInput(at(field, value)));
    expect(found).toEqual([expect.stringContaining(problem)]);
    expect(found[0]).toMatch(new RegExp(`^${field}(\\.\\d+)?: `));
  });
  it.each([
    ['cron', '0 22 * *', 'is not a cron expression of five fields'],
    ['cron', '0 0 22 * * *', 'is not a cron expression of five fields'],
    ['cron', '@daily', 'is not a cron expression of five fields'],
    ['cron', `0 22 * * ${'1,'.repeat(60)}1`, 'is not a cron expression of five fields'],
    ['cron', '61 * * * *', 'is no cron expression: Invalid value for minute: 61'],
    ['cron', '0 0 30 2 *', '"0 0 30 2 *" never comes'],
    ['timeZone', 'Europe/Berlinn', '"Europe/Berlinn" is not the name of a time zone'],
    ['timeZone', '+01:00', 'is not the name of a time zone'],
    ['timeZone', 'x'.repeat(65), 'is not the name of a time zone'],
    ['for', '59s', '"59s" is not from 1m to 7d'],
    ['for', '8d', '"8d" is not from 1m to 7d'],
    ['for', 'long', '"long" is not a duration'],
  ])('hold for the %s of a window: %s', (field, value, problem) => {
    const found = problems(readInput({ rollout: { windows: [NIGHT, { ...NIGHT, [field]: value }] } }));
    expect(found).toEqual([expect.stringContaining(problem)]);
    expect(found[0]).toContain(`rollout.windows.1.${field}: `);
  });
  it.each([
    ['subject', { subject: 'shop/Deployment/\u001B[2J', reason: 'r' }, 'is not a namespace, or namespace/Kind/name'],
    ['subject', { subject: 'Shop Floor', reason: 'r' }, 'is not a namespace, or namespace/Kind/name'],
    ['reason', { subject: 'shop', reason: 'a\nb' }, 'has U+000A: write it without'],
    ['reason', { subject: 'shop', reason: 'x'.repeat(501) }, 'must be a text of at most 500 characters'],
    ['by', { subject: 'shop', reason: 'r', by: '\u202E' }, 'has U+202E: write it without'],
  ])('hold for the %s of a waiver', (field, waiver, problem) => {
    const found = problems(readInput({ waive: [waiver] }));
    expect(found).toEqual([expect.stringContaining(problem)]);
    expect(found[0]).toContain(`waive.0.${field}: `);
    expect(found[0]).not.toMatch(UNFIT);
  });
  it('hold for all waivers together: each step is given them', () => {
    const waive = Array.from({ length: 100 }, (_, index) => ({ subject: `n${index}`, reason: '€'.repeat(400) }));
    expect(problems(readInput({ waive }))).toEqual([expect.stringContaining('bytes are more than 32000')]);
  });
  it('are told in bounded size, whatever is given', () => {
    const waive = Array.from({ length: 90 }, () => ({ ['\u001B[2J'.repeat(100)]: 1 }));
    const found = problems(readInput({ waive, ['x'.repeat(1_000_000)]: 1 }));
    expect(found.at(-1)).toMatch(/^and \d+ more problems$/);
    expect(Buffer.byteLength(invalidInputMessage(found))).toBeLessThan(32_000);
    expect(found.join()).not.toMatch(UNFIT);
  });
  it('are in the documentation', () => {
    const docs = readFileSync(path.resolve(import.meta.dirname, '../../../docs/input.md'), 'utf8');
    const bounds = { ...DURATIONS, ...COUNTS, 'rollout.windows.for': WINDOW_FOR };
    for (const [field, [least, most]] of Object.entries(bounds))
      expect(docs).toMatch(new RegExp(`\\| \`${field}\` +\\| ${least} +\\| ${most} +\\|`));
  });
});

describe('readIssuerInput', () => {
  it('may be absent, and is of the issuer alone', () => {
    expect(readIssuerInput(undefined)).toMatchObject({ ok: true, course: { strategy: 'issuer' } });
  });

  it('has no root and no strategy', () => {
    const found = problems(readIssuerInput({ root: {}, strategy: 'bridge', issuer: { validity: '90d' } }));
    expect(found.map((problem) => problem.split(':')[0])).toEqual(['root', 'strategy']);
  });
});

describe("a new root's key", () => {
  it.each([
    ['is kept where it is made here', {}, true],
    ['stays with its owner where the root is given', { certificates: { secret: 'mine' } }, false],
    ['is kept where that is said', { root: { key: 'keep' }, certificates: { secret: 'mine' } }, true],
    ['is not where that is said', { root: { key: 'discard' } }, false],
  ] as const)('%s', (_what, input, kept) => {
    const result = readInput(input);
    expect(result.ok && keepsRootKey(result.settings)).toBe(kept);
  });
});
