import { describe, expect, it } from 'vitest';
import { templateEdits } from '../../../../src/linkerd/layouts/template.js';
import { make } from '../../../hostile/certificates.js';
import { authority } from '../../support.js';

const [old, next] = [authority('old').root.certificate, authority('next').root.certificate];
const NAME = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';
const template = (value: string) => ({
  spec: { containers: [{ name: 'linkerd-proxy', env: [{ name: NAME, value }] }] },
});
const edits = (value: string) => templateEdits(template(value), ['spec'], { add: [next], remove: [old.fingerprint] });

describe('the anchors in a pod template', () => {
  it('are brought to what is wanted, and those of others stay', () => {
    const foreign = make({ extensions: [] }).certificate;
    expect(edits(old.pem + foreign.pem)).toMatchObject([
      { op: 'test' },
      { op: 'replace', value: foreign.pem + next.pem },
    ]);
    expect(edits(foreign.pem + next.pem)).toEqual([]);
  });

  it.each([
    ['a megabyte of BEGIN lines', '-----BEGIN A-----\n'.repeat(58_000)],
    ['more certificates than anybody has', old.pem.repeat(300)],
  ])('that are %s stay as they are, and nothing is thrown', (_what, value) => {
    expect(edits(value)).toEqual([]);
  });

  it('cost next to nothing, however many strangers are in them', () => {
    const { pem } = make({ extensions: [] }).certificate;
    const strangers = Array.from({ length: 100 }, (_, seed) =>
      Array.from({ length: 200 }, (__, at) =>
        pem.replace(/^M/m, `M${Buffer.from(`${seed} ${at}`).toString('hex')}`),
      ).join(''),
    );
    const cpu = process.cpuUsage();
    for (const text of strangers) edits(text);
    const { user } = process.cpuUsage(cpu);
    expect(user / 1000 / strangers.length).toBeLessThan(50);
  });
});
