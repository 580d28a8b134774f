import { describe, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import type { Problem } from '../../../../src/pki/problem.js';
import { type Case, holds, ROOT_EXPIRED } from './support.js';

const mismatch: Problem = { reason: 'IssuerKeyMismatch', severity: 'error', message: 'not its key', hint: 'find it' };
const soon: Problem = { reason: 'ExpiresSoon', severity: 'warning', message: 'it expires soon' };

describe('issuerUnfit', () => {
  const subject = 'Secret linkerd/linkerd-identity-issuer';
  const expired: Problem = { reason: 'Expired', severity: 'error', message: 'it has expired' };
  it.each<Case>([
    { name: 'finds nothing when the issuer is as it must be', observed: { issuer: [] }, finds: [] },
    {
      name: 'blocks on an error, with its hint',
      observed: { issuer: [mismatch] },
      finds: [
        {
          reason: 'IssuerKeyMismatch',
          severity: 'block',
          subject,
          says: ['the issuer in use: not its key'],
          hint: 'find it',
        },
      ],
    },
    {
      name: 'warns of a warning',
      observed: { issuer: [soon] },
      finds: [{ reason: 'ExpiresSoon', severity: 'warn', subject, says: ['it expires soon'] }],
    },
    {
      name: 'blocks on an expired one that no recovery is there for',
      observed: { issuer: [expired] },
      finds: [{ reason: 'Expired', severity: 'block', subject, says: ['it has expired'] }],
    },
    {
      name: 'warns of an expired one in its recovery, and still blocks on anything else',
      observed: { issuer: [expired, mismatch], recovery: 'root' },
      finds: [
        { reason: 'Expired', severity: 'warn', subject, says: ['it has expired'] },
        { reason: 'IssuerKeyMismatch', severity: 'block', subject, says: [], hint: 'find it' },
        ROOT_EXPIRED,
      ],
    },
    {
      name: 'warns of one near its end: strategyTooSlow decides whether there is time',
      observed: { issuer: [{ reason: 'ExpiresDuringRotation', severity: 'error', message: 'hours are left' }] },
      finds: [{ reason: 'ExpiresDuringRotation', severity: 'warn', subject, says: ['hours are left'] }],
    },
  ])('$name', holds);
});

describe('suppliedCertificatesUnfit', () => {
  it.each<Case>([
    { name: 'finds nothing when the input brings none', observed: { supplied: undefined }, finds: [] },
    {
      name: 'blocks on errors and warns of warnings',
      observed: { supplied: { problems: [mismatch, soon], hasRootKey: true } },
      finds: [
        {
          reason: 'IssuerKeyMismatch',
          severity: 'block',
          subject: 'cluster',
          says: ['your certificates: not its key'],
          hint: 'find it',
        },
        { reason: 'ExpiresSoon', severity: 'warn', subject: 'cluster', says: ['your certificates: it expires soon'] },
      ],
    },
    {
      name: 'blocks on a new root that would not last the rotation',
      observed: {
        supplied: { problems: [{ reason: 'ExpiresDuringRotation', severity: 'error', message: 'hours are left' }] },
      },
      finds: [{ reason: 'ExpiresDuringRotation', severity: 'block', subject: 'cluster', says: ['hours are left'] }],
    },
    {
      name: 'blocks on an expired new root in a recovery too',
      observed: {
        recovery: 'root',
        supplied: { problems: [{ reason: 'Expired', severity: 'error', message: 'it has expired' }] },
      },
      finds: [{ reason: 'Expired', severity: 'block', subject: 'cluster', says: ['it has expired'] }, ROOT_EXPIRED],
    },
  ])('$name', holds);
});

describe('bridgeNeedsRootKey', () => {
  const keyless = { problems: [], hasRootKey: false };
  it.each<Case>([
    {
      name: 'finds nothing when the key is there',
      observed: { supplied: { problems: [], hasRootKey: true } },
      finds: [],
    },
    { name: 'finds nothing with patient', observed: { supplied: keyless, course: COURSES.patient.course }, finds: [] },
    { name: 'finds nothing when the root is generated', observed: { supplied: undefined }, finds: [] },
    {
      name: 'finds nothing when nobody knows: the Secret could not be read',
      observed: { supplied: { problems: [] } },
      finds: [],
    },
    {
      name: 'blocks a bridge under a root whose key was not given',
      observed: { supplied: keyless, course: COURSES.bridge.course },
      finds: [
        {
          reason: 'BridgeNeedsRootKey',
          severity: 'block',
          subject: 'cluster',
          says: ['ca.key'],
          hint: 'patient or standard',
        },
      ],
    },
  ])('$name', holds);
});
