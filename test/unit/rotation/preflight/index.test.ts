import { describe, expect, it } from 'vitest';
import { PREFLIGHT_CHECKS, preflightFindings } from '../../../../src/rotation/preflight/index.js';
import { NOTHING } from '../../../../src/rotation/preflight/observation.js';
import { HEALTHY } from './support.js';

describe('the chain of checks', () => {
  it('finds nothing in a healthy mesh', () => expect(preflightFindings(HEALTHY)).toEqual([]));

  it('finds nothing before anything was looked at', () => expect(preflightFindings(NOTHING)).toEqual([]));

  it('has each check once', () => expect(new Set(PREFLIGHT_CHECKS).size).toBe(PREFLIGHT_CHECKS.length));

  it('lists findings in its own order', () => {
    const findings = preflightFindings({
      ...HEALTHY,
      webhookFailurePolicy: 'Ignore',
      helmValues: ['identityTrustAnchorsPEM'],
      missingPermissions: [{ what: 'list pods in all namespaces', neededFor: 'every gate', file: 'a' }],
    });
    expect(findings.map(({ reason }) => reason)).toEqual(['PermissionMissing', 'HelmValues', 'WebhookFailureIgnored']);
  });
});
