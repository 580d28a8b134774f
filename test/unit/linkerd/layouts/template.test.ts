import { describe, expect, it } from 'vitest';
import { hashEdits, templateEdits } from '../../../../src/linkerd/layouts/template.js';
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

describe('the hash of the anchors in a template of the control plane', () => {
  const labels = { 'linkerd.io/control-plane-component': 'identity' };
  const hashed = (value: string) => ({ metadata: { labels, annotations: { 'linkerd.io/trust-root-sha256': value } } });

  it('is brought up to date', () => {
    const path = '/spec/template/metadata/annotations/linkerd.io~1trust-root-sha256';
    expect(hashEdits(hashed('old'), ['spec', 'template'], 'new')).toEqual([
      { op: 'test', path, value: 'old' },
      { op: 'replace', path, value: 'new' },
    ]);
  });

  it.each([
    ['is right', hashed('new'), 'new'],
    ['is not from values of Helm', hashed('old'), undefined],
    ['was never there', { metadata: { labels } }, 'new'],
    ['is of an application', { metadata: { annotations: hashed('old').metadata.annotations } }, 'new'],
  ])('stays where it %s', (_what, of, hash) => {
    expect(hashEdits(of, ['spec', 'template'], hash)).toEqual([]);
  });
});
