import { describe, expect, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import { expiredOf, expiriesOf } from '../../../../src/rotation/preflight/expiry.js';
import { leaf, proxy, without } from '../support.js';
import { after, type Case, DRIVEN, type ExpectedFinding, healthyProxy, holds, NOW } from './support.js';

const ends = (milliseconds: number) => ({ notAfter: new Date(after(milliseconds)) });
const [past, now, future] = [ends(-1), ends(0), ends(1)];

describe('expiredOf', () => {
  it.each([
    ['nothing', future, [future], undefined],
    ['nothing while one of several roots lasts', future, [past, future], undefined],
    ['nothing where the issuer is under no root', future, [], undefined],
    ['the root when all of them have', future, [past, now], 'root'],
    ['the issuer from its last moment on', now, [future], 'issuer'],
    ['the issuer when both have', past, [past], 'issuer'],
  ])('%s', (_what, issuer, roots, expired) => expect(expiredOf(issuer, roots, NOW)).toBe(expired));
});

describe('expiriesOf', () => {
  it('names the issuer and each of its roots', () => {
    expect(expiriesOf(future, [now, past])).toEqual([
      { what: 'the issuer in use', notAfter: after(1) },
      { what: 'its root', notAfter: after(0) },
      { what: 'its root', notAfter: after(-1) },
    ]);
  });
});

const subject = 'Secret linkerd/linkerd-identity-issuer';

describe('alreadyExpired', () => {
  const dead = proxy({ leaf: leaf({ verifiesWith: ['old'], notAfter: after(0) }) });
  const alive = proxy({ leaf: leaf({ verifiesWith: ['old'], notAfter: after(5000) }) });
  it.each<Case>([
    { name: 'finds nothing when nothing has expired', observed: { recovery: undefined }, finds: [] },
    {
      name: 'warns of an expired root, counts the leaves that have expired, and says when the last one does',
      observed: { recovery: 'root', course: COURSES.bridge.course, proxies: [dead, alive] },
      finds: [
        {
          reason: 'RootExpired',
          severity: 'warn',
          subject,
          says: ['the root has expired', '1 of 2 proxies', after(5000)],
          hint: 'go on talking',
        },
      ],
    },
    {
      name: 'warns of an expired issuer, under which nothing goes on',
      observed: { recovery: 'issuer', course: COURSES.standard.course, proxies: [dead] },
      finds: [
        {
          reason: 'IssuerExpired',
          severity: 'warn',
          subject,
          says: ['the issuer has expired', '1 of 1 proxies', after(0)],
          hint: 'stays broken',
        },
      ],
    },
    {
      name: 'says that cert-manager can repair an issuer that it makes',
      observed: { ...DRIVEN, recovery: 'issuer', course: COURSES.standard.course, proxies: [dead] },
      finds: [{ reason: 'IssuerExpired', severity: 'warn', subject, says: [], hint: 'have cert-manager renew it' }],
    },
    {
      name: 'says so when no leaf could be read',
      observed: { recovery: 'root', proxies: [without(healthyProxy, 'leaf')] },
      finds: [
        {
          reason: 'RootExpired',
          severity: 'warn',
          subject,
          says: ['0 of 1 proxies', 'no leaf could be read'],
          hint: 'identity first',
        },
      ],
    },
  ])('$name', holds);
});

describe('strategyUnfit', () => {
  const expired = (what: 'root' | 'issuer'): ExpectedFinding => ({
    reason: what === 'root' ? 'RootExpired' : 'IssuerExpired',
    severity: 'warn',
    subject,
    says: [what],
    hint: 'identity first',
  });
  const unfit = (strategy: string, what: 'root' | 'issuer', hint: string): ExpectedFinding => ({
    reason: 'StrategyUnfit',
    severity: 'block',
    subject,
    says: [`strategy ${strategy}`, `expired ${what}`],
    hint,
  });
  it.each<Case>([
    {
      name: 'finds every strategy fit when nothing has expired',
      observed: { recovery: undefined, course: COURSES.patient.course },
      finds: [],
    },
    {
      name: 'finds bridge fit for an expired root',
      observed: { recovery: 'root', course: COURSES.bridge.course },
      finds: [expired('root')],
    },
    {
      name: 'blocks standard with an expired root',
      observed: { recovery: 'root', course: COURSES.standard.course },
      finds: [expired('root'), unfit('standard', 'root', 'use bridge')],
    },
    {
      name: 'blocks patient with an expired root',
      observed: { recovery: 'root', course: COURSES.patient.course },
      finds: [expired('root'), unfit('patient', 'root', 'use bridge')],
    },
    {
      name: 'finds standard fit for an expired issuer',
      observed: { recovery: 'issuer', course: COURSES.standard.course },
      finds: [expired('issuer')],
    },
    {
      name: 'blocks bridge with an expired issuer',
      observed: { recovery: 'issuer', course: COURSES.bridge.course },
      finds: [expired('issuer'), unfit('bridge', 'issuer', 'use standard')],
    },
    {
      name: 'lets a rotation of the issuer alone repair an expired issuer',
      observed: { recovery: 'issuer', course: COURSES.issuer.course },
      finds: [expired('issuer')],
    },
  ])('$name', holds);
});
