import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BEFORE, EVERY } from '../../../src/rotation/input-fields.js';
import { issuerPartOf, readIssuerInput, type RotationInput } from '../../../src/rotation/input.js';
import { aheadOf, readWatchInput } from '../../../src/rotation/watch-input.js';
import { memoOf, replacedAlready, startedByWatch, startedText } from '../../../src/rotation/watch-start.js';
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

describe('how long before something expires', () => {
  const ahead = (input: object) => {
    const read = readWatchInput(input);
    return read.ok ? aheadOf(read.settings) : read.problems;
  };
  it.each([
    ['is not said: nothing is done about it', {}, undefined],
    [
      'is that of the root for the issuer too',
      { before: '30d' },
      { before: 2_592_000_000, issuerBefore: 2_592_000_000 },
    ],
    ['may differ', { before: '30d', issuerBefore: '1d' }, { before: 2_592_000_000, issuerBefore: 86_400_000 }],
    ['is within bounds', { before: '6y' }, [expect.stringContaining('before: "6y" is not from 10s to 5y')]],
    ['is not said of the issuer alone', { issuerBefore: '1d' }, [expect.stringMatching(/^issuerBefore: goes with/)]],
  ])('%s', (_what, input, expected) => expect(ahead(input)).toEqual(expected));
});

describe('what of the input of a rotation is for an issuer alone', () => {
  it('is an input of rotateIssuer: without what is about a root, and without certificates of one’s own', () => {
    const rollout = { windows: [{ cron: '0 22 * * *', for: '6h' }] };
    const kept: RotationInput = { cluster: 'prod', leafRenewal: 'wait', issuer: { validity: '90d' }, rollout };
    const ofRoot: RotationInput = { strategy: 'patient', approvals: 'none', root: { validity: '10y' } };
    const part = issuerPartOf({ ...kept, ...ofRoot, adopt: 'a'.repeat(12), certificates: { secret: 'mine' } });
    expect(part).toEqual(kept);
    expect(readIssuerInput(part).ok).toBe(true);
  });
});

describe('the bounds', () => {
  it('are in the documentation', () => {
    const docs = readFileSync(path.resolve(import.meta.dirname, '../../../docs/input.md'), 'utf8');
    for (const [field, [least, most]] of Object.entries({ every: EVERY, before: BEFORE, issuerBefore: BEFORE }))
      expect(docs).toMatch(new RegExp(`\\| \`${field}\` +\\| ${least} +\\| ${most} +\\|`));
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
  it('for a root that expires has nothing to do where that is not in use any more', () => {
    const started = { watch: 'w', root: 'ab', why: 'it expires', replaces: 'root' } as const;
    expect(startedByWatch(memoOf(started))).toEqual(started);
    expect(replacedAlready(started, ['cd'])).toContain('root ab, for which w has started this rotation, is not in use');
    expect(replacedAlready(started, ['cd', 'ab'])).toBeUndefined();
    expect(replacedAlready({ ...started, replaces: 'issuer' }, ['cd'])).toBeUndefined();
    expect(replacedAlready(undefined, ['cd'])).toBeUndefined();
    expect(startedByWatch({ startedByWatch: { ...started, replaces: 'x' } })).not.toHaveProperty('replaces');
  });
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
  it('is on what expires, where that is asked about', () => {
    const status = { ...asking, asks: 'e'.repeat(64) };
    expect(refuseRenewalApproval({ root: 'e'.repeat(12) }, status)).toBeUndefined();
    expect(refuseRenewalApproval({ root: 'b'.repeat(64) }, status)).toContain('approve needs {"root": "eeee');
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
