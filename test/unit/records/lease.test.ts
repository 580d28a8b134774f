import { describe, expect, it } from 'vitest';
import { holderOf, leaseOf } from '../../../src/records/lease.js';

const holder = {
  workflowId: 'trust-root-prod',
  runId: '0f-1e',
  temporalNamespace: 'default',
  temporalNamespaceId: 'b1c2',
  temporalAddress: 'temporal.example:7233',
};

describe('the Lease', () => {
  it('names its holder, so that it can be found wherever it runs', () => {
    const lease = leaseOf(holder);
    expect(lease.metadata?.name).toBe('reroot');
    expect(lease.metadata?.annotations).toEqual({
      'reroot.dev/workflow-id': 'trust-root-prod',
      'reroot.dev/run-id': '0f-1e',
      'reroot.dev/temporal-namespace': 'default',
      'reroot.dev/temporal-namespace-id': 'b1c2',
      'reroot.dev/temporal-address': 'temporal.example:7233',
    });
    expect(lease.spec?.holderIdentity).toBe('trust-root-prod/0f-1e');
    expect(holderOf(lease)).toEqual(holder);
  });
  it('of somebody else names nobody', () => {
    expect(holderOf({ metadata: { name: 'reroot' } })).toEqual({
      workflowId: '',
      runId: '',
      temporalNamespace: '',
      temporalNamespaceId: '',
      temporalAddress: '',
    });
  });
});
