import { describe, it } from 'vitest';
import { after, anchor, type Case, type ExpectedFinding, holds, NOW, store } from './support.js';

describe('bundleUntidy', () => {
  const duplicate = { reason: 'DuplicateCertificate', message: 'block 2 stands there twice' };
  const finding = { reason: 'DuplicateCertificate', severity: 'warn' as const, says: ['block 2'] };
  it.each<Case>([
    {
      name: 'finds nothing in tidy copies',
      observed: { stores: [store(), store({ store: 'Secret copy' })] },
      finds: [],
    },
    {
      name: 'warns of what the reader of a bundle noticed, in every copy',
      observed: { stores: [store({ problems: [duplicate] }), store({ store: 'Secret copy', problems: [duplicate] })] },
      finds: [
        { ...finding, subject: 'ConfigMap roots' },
        { ...finding, subject: 'Secret copy' },
      ],
    },
  ])('$name', holds);
});

describe('bundleUnreadable', () => {
  it.each<Case>([
    {
      name: 'finds nothing when the identity process can read it',
      observed: { stores: [store({ fatal: undefined })] },
      finds: [],
    },
    {
      name: 'blocks with the error that the identity process would end with',
      observed: { stores: [store({ fatal: 'there is text after the last certificate' })] },
      finds: [
        {
          reason: 'BundleUnreadable',
          severity: 'block',
          subject: 'ConfigMap roots',
          says: ['identity process', 'there is text after the last certificate'],
          hint: 'certificates only',
        },
      ],
    },
  ])('$name', holds);
});

describe('bundleEmpty', () => {
  const empty = (subject: string): ExpectedFinding => ({
    reason: 'BundleEmpty',
    severity: 'block',
    subject,
    says: ['no certificate'],
  });
  it.each<Case>([
    {
      name: 'finds nothing when there is one anchor',
      observed: { stores: [store({ anchors: [anchor('only')] })] },
      finds: [],
    },
    {
      name: 'blocks when the bundle has no anchor',
      observed: { stores: [store({ anchors: [] })] },
      finds: [empty('ConfigMap roots')],
    },
    {
      name: 'blocks when a copy has none, and does not call that a difference',
      observed: { stores: [store(), store({ store: 'Secret copy', anchors: [] })] },
      finds: [empty('Secret copy')],
    },
  ])('$name', holds);
});

describe('anchorExpired', () => {
  const expiring = (notAfter: string) => [anchor('0123456789abcdef', { commonName: 'root.old', notAfter })];
  it.each<Case>([
    {
      name: 'finds nothing a moment before',
      observed: { stores: [store({ anchors: expiring(after(1)) })] },
      finds: [],
    },
    {
      name: 'warns from its last moment on, with its name and the time',
      observed: { stores: [store({ anchors: expiring(after(0)) })] },
      finds: [
        {
          reason: 'AnchorExpired',
          severity: 'warn',
          subject: 'ConfigMap roots',
          says: ['root.old', '0123456789ab', NOW.toISOString()],
          hint: 'linkerd check',
        },
      ],
    },
    {
      name: 'names it once, not for every copy',
      observed: {
        stores: [
          store({ anchors: expiring(after(-1)) }),
          store({ store: 'Secret copy', anchors: expiring(after(-1)) }),
        ],
      },
      finds: [
        {
          reason: 'AnchorExpired',
          severity: 'warn',
          subject: 'ConfigMap roots',
          says: [],
          hint: 'identity issues nothing',
        },
      ],
    },
  ])('$name', holds);
});

describe('copiesDiffer', () => {
  const both = [anchor('a'), anchor('b')];
  it.each<Case>([
    {
      name: 'finds nothing when the same anchors stand in another order',
      observed: { stores: [store({ anchors: both }), store({ anchors: both.toReversed() })] },
      finds: [],
    },
    {
      name: 'warns when a copy has other anchors, and names both',
      observed: { stores: [store({ anchors: both }), store({ store: 'Secret copy', anchors: [anchor('a')] })] },
      finds: [
        {
          reason: 'CopiesDiffer',
          severity: 'warn',
          subject: 'Secret copy',
          says: ['ConfigMap roots', 'linkerd upgrade'],
          hint: 'every copy',
        },
      ],
    },
  ])('$name', holds);
});
