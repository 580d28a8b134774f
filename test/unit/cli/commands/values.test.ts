import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { valuesText } from '../../../../src/cli/commands/values.js';

const VALUES = 'identityTrustAnchorsPEM: |\n  -----BEGIN CERTIFICATE-----\n  MIIB\n  -----END CERTIFICATE-----\n';

it('is a values file, with how to use it in its comments', () => {
  const text = valuesText('what is there', { values: VALUES, keyFlag: '--set-file a.keyPEM=<(kubectl get …)' });
  expect(parse(text)).toEqual(parse(VALUES));
  expect(text.split('\n').slice(0, 3)).toEqual([
    '# Helm values of what is there. With them this changes no certificate, and restarts nothing for one:',
    String.raw`#   helm upgrade RELEASE CHART --reuse-values -f THIS-FILE \ `.trimEnd(),
    '#     --set-file a.keyPEM=<(kubectl get …)',
  ]);
});

it('has no flag for a key that Helm does not render, and nothing that a terminal would obey', () => {
  const text = valuesText('the rotation \u001B[31m', { values: `# \u001B[31m\n${VALUES}` });
  expect(text).not.toContain('--set-file');
  expect(text).not.toContain('\u001B');
});
