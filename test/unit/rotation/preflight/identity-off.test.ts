import { describe, it } from 'vitest';
import { type Case, holds } from './support.js';

describe('identitySwitchedOff', () => {
  const off = Array.from({ length: 11 }, (_, index) => `shop/Deployment/plain-${index}`);
  it.each<Case>([
    { name: 'finds nothing where every proxy has an identity', observed: {}, finds: [] },
    {
      name: 'names workloads whose proxies have none, and leaves them alone',
      observed: { identityOff: off },
      finds: [
        {
          reason: 'IdentityOff',
          severity: 'warn',
          subject: 'cluster',
          says: ['11 of the workloads (shop/Deployment/plain-0, ', 'plain-9 and 1 more)'],
          hint: 'left alone',
        },
      ],
    },
    {
      name: 'blocks where it is switched off for the whole mesh: there is nothing to rotate',
      observed: { identityOff: off, proxies: [] },
      finds: [
        {
          reason: 'IdentityOff',
          severity: 'block',
          subject: 'cluster',
          says: ['nothing to rotate'],
          hint: 'disableIdentity',
        },
      ],
    },
  ])('$name', holds);
});
