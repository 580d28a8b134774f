import { describe, expect, it } from 'vitest';
import { bundleReverted, isPast, renewed, reverted } from '../../../src/rotation/reverted.js';
import { target } from './support.js';

describe('bundleReverted', () => {
  it.each([
    ['nothing while both roots are wanted', ['old', 'new'], false, undefined],
    ['nothing once the retired root is gone; foreign anchors may stay', ['new', 'foreign'], true, undefined],
    ['that the target is gone', ['old'], false, 'the new root new (root.new) is gone from it'],
    ['that the retired root is back', ['old', 'new'], true, 'the root of the start old (root.old) is in it again'],
  ])('says %s', (_what, anchors, retired, said) => {
    expect(bundleReverted(anchors, target(), retired ? { retired } : {})).toBe(said);
  });
});

describe('renewed', () => {
  it('says what cert-manager has done, and asks nobody', () => {
    const finding = renewed('Certificate linkerd/linkerd-identity-issuer', 'its Secret holds another issuer');
    expect(finding).toMatchObject({ reason: 'Renewed', severity: 'block' });
    expect(finding.message).toBe('cert-manager has renewed it meanwhile: its Secret holds another issuer');
    expect(finding.hint).toContain('nothing to do');
  });
});

describe('reverted', () => {
  it('names the object, what has happened to it, and who wrote it', () => {
    const finding = reverted(
      'ConfigMap linkerd-identity-trust-roots',
      'the new root is gone from it',
      'argocd at noon',
    );
    expect(finding).toMatchObject({
      reason: 'Reverted',
      severity: 'block',
      subject: { kind: 'object', name: 'ConfigMap linkerd-identity-trust-roots' },
      message: 'the new root is gone from it; last written by argocd at noon',
    });
    expect(finding.hint).toContain('resume');
  });
  it('says of Helm which values it has to have', () => {
    expect(reverted('ConfigMap a', 'it is gone', 'helm at noon').hint).toContain('`reroot values`');
    expect(reverted('ConfigMap a', 'it is gone', 'helmsman at noon').hint).not.toContain('`reroot values`');
  });
  it('blames nobody for what an earlier run of reroot wrote itself: it is written again', () => {
    const finding = reverted('Secret linkerd-identity-issuer', 'it holds another issuer again', undefined);
    expect(finding).toMatchObject({
      reason: 'Behind',
      message: expect.stringContaining('an earlier run of reroot') as string,
    });
    expect(finding.hint).not.toContain('resume');
  });
});

describe('the point of no return, as a bundle shows it', () => {
  it.each([
    [['old', 'new'], false],
    [['new'], true],
    [['new', 'foreign'], true],
    [['old'], false],
    [['foreign'], false],
  ])('%j: %s', (anchors, past) => expect(isPast(anchors, target())).toBe(past));
  it('is never there for an issuer alone, which retires no root', () => {
    expect(isPast(['new'], { ...target(), retired: [] })).toBe(false);
  });
});
