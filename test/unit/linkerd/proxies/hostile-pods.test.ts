import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPUS } from '../../../hostile/corpus.js';
import { gatesMetBy, holds, targetOf } from '../../../hostile/hold.js';
import { type HostilePods, startHostilePods } from '../../../hostile/pods.js';

/** Some of the corpus, of every kind; all of it is in test/all/hostile-pods.test.ts. */
const SAMPLE = [
  'has a body without end',
  'says for ever that one may go on',
  'has anchors of BEGIN lines alone',
  'has 400 anchors',
  'presents 60 CAs in a loop, by TLSv1.3',
  'presents 7 CAs of a costly curve, by TLSv1.2',
  'asks for another handshake for ever',
  'has a leaf with an extension twice',
  'presents a certificate with something behind it',
];

describe('a hostile pod', () => {
  let pods: HostilePods;
  beforeAll(async () => {
    pods = await startHostilePods('127.97.0');
  }, 60_000);
  afterAll(() => pods.stop());

  it('is measured by a look that knows an honest one', async () => {
    expect(gatesMetBy(await pods.lookAtHonest(), targetOf(pods))).toContain('forgotRetired');
  });

  it.each(SAMPLE)('that %s is one finding, or meets no gate', async (name) => {
    const pod = CORPUS.find((one) => one.name === name);
    if (!pod) throw new Error(`${name} is not in the corpus`);
    await holds(pods, pod);
  });
});
