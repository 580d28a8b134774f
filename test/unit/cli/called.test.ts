import { describe, expect, it } from 'vitest';
import { asCalled, executable, nameOf } from '../../../src/cli/called.js';

describe('the name that it is called by', () => {
  it.each([
    ['/usr/local/bin/reroot', 'reroot'],
    ['/work/dist/cli.js', 'reroot'],
    ['/home/me/.krew/bin/kubectl-reroot', 'kubectl reroot'],
    ['/usr/lib/node_modules/reroot/dist/kubectl-reroot.js', 'kubectl reroot'],
    ['/usr/local/bin/linkerd-reroot', 'linkerd reroot'],
    ['/opt/linkerd-reroot/bin/reroot', 'reroot'],
    ['/opt/kubectl-reroot-old', 'reroot'],
    ['', 'reroot'],
  ])('%s is %s', (file, name) => expect(nameOf(file)).toBe(name));

  it('is one word for a shell', () => expect(executable('kubectl reroot')).toBe('kubectl-reroot'));
});

describe('a text for people', () => {
  it('has commands as they would type them', () => {
    const text =
      'Run `reroot approve --plan x`, or look with: reroot status. `reroot worker` serves; reroot writes nothing.';
    expect(asCalled(text, 'kubectl reroot')).toBe(
      'Run `kubectl reroot approve --plan x`, or look with: kubectl reroot status. `kubectl reroot worker` serves; reroot writes nothing.',
    );
  });
  it('is as it is where the program has its own name', () =>
    expect(asCalled('`reroot status`', 'reroot')).toBe('`reroot status`'));
  it('keeps names of objects', () =>
    expect(asCalled('ConfigMap `reroot-report`, Lease `reroot`', 'kubectl reroot')).toBe(
      'ConfigMap `reroot-report`, Lease `reroot`',
    ));
});
