import { describe, expect, it } from 'vitest';
import { injectedWrongly, injectionBroken, rehearsalNamespaces } from '../../../src/rotation/injection.js';
import { target } from './support.js';

describe('injectedWrongly', () => {
  it.each([
    ['when new pods get both roots before the retirement', ['old', 'new'], {}],
    ['when they get the target alone after it', ['new'], { retired: true as const }],
  ])('says nothing %s', (_what, anchors, row) => expect(injectedWrongly(anchors, target(), row)).toBeUndefined());
  it.each([
    ['lack the target', ['old'], {}, 'without the new root new (root.new)'],
    [
      'still get the retired root',
      ['old', 'new'],
      { retired: true as const },
      'with the root of the start old (root.old)',
    ],
  ])('says that new pods %s', (_what, anchors, row, said) => {
    expect(injectedWrongly(anchors, target(), row)).toContain(said);
  });
});

describe('injectionBroken', () => {
  it('names the namespace of the dry run and its problem', () => {
    const finding = injectionBroken('shop', 'the pod has no proxy');
    expect(finding).toMatchObject({ reason: 'InjectionBroken', severity: 'block' });
    expect(finding.message).toContain('namespace shop');
    expect(finding.message).toContain('the pod has no proxy');
  });
});

describe('rehearsalNamespaces', () => {
  const pods = (...namespaces: string[]) => namespaces.map((namespace) => ({ namespace }));
  it('are those with meshed pods, each once, without the control plane', () => {
    expect(rehearsalNamespaces(pods('shop', 'linkerd', 'shop', 'payments'), 'linkerd')).toEqual(['shop', 'payments']);
  });
  it('are the default one where nothing is meshed yet', () => {
    expect(rehearsalNamespaces(pods('linkerd'), 'linkerd')).toEqual(['default']);
  });
});
