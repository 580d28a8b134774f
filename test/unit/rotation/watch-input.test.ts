import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVERY } from '../../../src/rotation/input-fields.js';
import { readWatchInput } from '../../../src/rotation/watch-input.js';
import { memoOf, startedByWatch, startedText } from '../../../src/rotation/watch-start.js';
import { refuseRenewalApproval } from '../../../src/rotation/watch-refusals.js';
import { watchMarkdown, type WatchStatus } from '../../../src/rotation/watch-status.js';

const problems = (input: unknown) => {
  const read = readWatchInput(input);
  return read.ok ? [] : read.problems;
};

describe("a watch's input", () => {
  it.each([[undefined], [null], [{}]])('has a default for everything: %j', (input) => {
    expect(readWatchInput(input)).toEqual({
      ok: true,
      settings: {
        cluster: 'default',
        every: 600_000,
        onRenewal: 'rotate',
        once: false,
        rotation: { cluster: 'default' },
      },
    });
  });
  it('gives cluster and namespace to the rotation', () => {
    const input = { cluster: 'prod', linkerdNamespace: 'mesh', rotation: { strategy: 'patient' } };
    expect(readWatchInput(input)).toMatchObject({
      settings: { rotation: { cluster: 'prod', linkerdNamespace: 'mesh', strategy: 'patient' } },
    });
  });
  it("names every problem at once, the rotation's with them", () => {
    expect(
      problems({
        evry: '1m',
        every: '2d',
        onRenewal: 'maybe',
        rotation: { strategy: 'x', planOnly: true, cluster: 'b' },
      }),
    ).toEqual([
      expect.stringContaining('every: "2d" is not from 1s to 1d'),
      expect.stringContaining('onRenewal: '),
      expect.stringContaining('evry: no such field'),
      expect.stringContaining('rotation.strategy: '),
      expect.stringContaining('rotation.planOnly: a watch starts'),
      expect.stringContaining('rotation.cluster: '),
    ]);
    expect(problems({ rotation: 7 })).toEqual([expect.stringMatching(/^rotation: /)]);
    expect(problems({ rotation: { strategy: 'patient', leafRenewal: 'roll' } })).toEqual([
      expect.stringMatching(/^rotation\.leafRenewal: /),
    ]);
  });
});

describe('the bounds', () => {
  it('are in the documentation', () => {
    const docs = readFileSync(path.resolve(import.meta.dirname, '../../../docs/input.md'), 'utf8');
    expect(docs).toMatch(new RegExp(`\\| \`every\` +\\| ${EVERY[0]} +\\| ${EVERY[1]} +\\|`));
  });
});

describe('a rotation that a watch has started', () => {
  it('says so', () => {
    const started = { watch: 'watch-trust-root-prod', root: 'ab', why: 'the root has renewed itself' };
    expect(startedByWatch(memoOf(started))).toEqual(started);
    expect(startedText(started)).toContain(
      'Watch watch-trust-root-prod has started this rotation: the root has renewed',
    );
  });
  it.each([[undefined], [{}], [{ startedByWatch: 'x' }], [{ startedByWatch: { watch: 'w', root: 1 } }]])(
    'and no other: %j',
    (memo) => expect(startedByWatch(memo)).toBeUndefined(),
  );
  it('makes what others have written plain', () => {
    const started = { watch: 'w', root: 'ab', why: 'a\nb\u001B[2J' };
    expect(startedByWatch(memoOf(started))?.why).toBe('a b\uFFFD[2J');
  });
});

const asking: WatchStatus = {
  ...{
    workflowId: 'w',
    cluster: 'prod',
    startedAt: '2026-11-01T00:00:00Z',
    every: 600_000,
    onRenewal: 'ask',
    notes: ['a *note*'],
  },
  look: {
    ...{ at: '2026-11-02T00:00:00Z', linkerdNamespace: 'linkerd', clusterUid: 'uid', certificate: 'cert-manager/root' },
    root: { fingerprint: 'b'.repeat(64), commonName: '<b>', notBefore: '2026-11-01T00:00:00Z', notAfter: '' },
    inUse: [{ fingerprint: 'a'.repeat(64), commonName: 'o', notBefore: '', notAfter: '' }],
  },
  waiting: { kind: 'approval', for: 'a word', since: '2026-11-01T00:00:00Z', on: ['*this*'], todo: 'Say it.' },
  alerts: [{ reason: 'PreviousRootMissing', message: 'm', since: '' }],
  rotation: {
    workflowId: 'trust-root-prod',
    runId: 'r',
    root: 'c'.repeat(64),
    startedAt: '2026-10-01T00:00:00Z',
    outcome: 'failed',
    message: 'why',
  },
};

describe('a word on a renewed root', () => {
  it.each([
    ['the root', { root: 'b'.repeat(12) }, 'taken'],
    ['a part that is too short', { root: 'bbb' }, 'approve needs {"root": "bbbb'],
    ['another root', { root: 'c'.repeat(64) }, 'approve needs'],
    ['nothing', undefined, 'approve needs'],
    ['a name that nobody can read', { root: 'b'.repeat(64), by: 'a\nb' }, 'must be one line'],
  ])('with %s', (_what, args, refusal) => {
    expect(refuseRenewalApproval(args, asking) ?? 'taken').toContain(refusal);
  });
  it('is refused where nobody has asked', () => {
    const { waiting: _, ...quiet } = asking;
    expect(refuseRenewalApproval({ root: 'b'.repeat(64) }, quiet)).toContain('nothing to approve');
  });
});

describe("the Temporal UI's details of a watch", () => {
  it('say everything, and mark nothing up that others have written', () => {
    const text = watchMarkdown(asking);
    for (const part of [
      'looks every 10m, and asks',
      'PreviousRootMissing',
      'Waiting since',
      'Say it.',
      'it has failed: why',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('(<b>');
    expect(text).not.toContain('- *this*');
  });
});
