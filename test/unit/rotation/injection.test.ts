import { describe, expect, it } from 'vitest';
import { injectedWrongly, injectionBroken, rehearsalNamespaces } from '../../../src/rotation/injection.js';
import { target } from './support.js';

describe('injectedWrongly', () => {
  it.each([
    ['nothing when new pods get both roots before the retirement', ['old', 'new'], false, undefined],
    ['nothing when they get the target alone after it', ['new'], true, undefined],
    ['that they lack the target', ['old'], false, 'without the new root new (root.new)'],
    ['that they still get the retired root', ['old', 'new'], true, 'with the root of the start old (root.old)'],
  ])('says %s', (_what, anchors, retired, said) => {
    const wrong = injectedWrongly(anchors, target(), retired ? { retired } : {});
    expect(wrong).toEqual(said === undefined ? undefined : expect.stringContaining(said));
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
