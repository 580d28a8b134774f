import { describe, it } from 'vitest';
import type { Member } from '../../../../src/ground/mesh.js';
import { type Case, holds } from './support.js';

describe('membersUnseen', () => {
  const members: Member[] = [
    { kind: 'Link', namespace: 'linkerd-multicluster', name: 'west', cluster: 'west' },
    { kind: 'ExternalWorkload', namespace: 'vms', name: 'billing' },
  ];
  it.each<Case>([
    { name: 'finds nothing where there are none', observed: { members: [] }, finds: [] },
    {
      name: 'finds nothing where the course waits for none: the root stays',
      observed: { members, held: [] },
      finds: [],
    },
    {
      name: 'warns of VMs and of linked clusters, and says when they will be waited for',
      observed: { members },
      finds: [
        {
          reason: 'ExternalWorkloadUnseen',
          severity: 'warn',
          subject: 'cluster',
          says: ['1 workload outside the cluster (vms/ExternalWorkload/billing)'],
          hint: 'at the gate of approve',
        },
        {
          reason: 'LinkedClusterUnconfirmed',
          severity: 'warn',
          subject: 'linkerd-multicluster/Link/west',
          says: ['cluster west', 'if they share a root'],
          hint: 'Where the roots are others',
        },
      ],
    },
  ])('$name', holds);
});
