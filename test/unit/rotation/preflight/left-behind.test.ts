import { describe, expect, it } from 'vitest';
import { COURSES } from '../../../../src/rotation/courses/index.js';
import { leftBehindOf } from '../../../../src/rotation/preflight/left-behind.js';
import { after, type Case, type ExpectedFinding, holds } from './support.js';

describe('leftBehindOf', () => {
  const issuer = [{ notAfter: new Date(after(5000)) }, { notAfter: new Date(after(1000)) }];
  const ofRoot = { retire: ['old'] };
  const known = { id: 'abc', use: 'inUse' } as const;
  it.each([
    ['a rotation that takes a root out is of the root', ofRoot, 'previous', { of: 'root' }],
    ['one that takes none out is of the issuer', { retire: [] }, 'new', { of: 'issuer' }],
    ['somebody else has written the issuer', ofRoot, undefined, { of: 'root' }],
    ['leaves end with the bridge certificate', ofRoot, 'bridge', { of: 'root', bridgeNotAfter: after(1000) }],
    ['also when that stands first', ofRoot, 'crossover', { of: 'root', bridgeNotAfter: after(1000) }],
  ] as const)('%s', (_what, made, state, facts) => {
    const rotation = { id: 'abc', ...made };
    expect(leftBehindOf({ rotation, state, use: 'inUse' }, issuer)).toEqual({ ...known, ...facts });
  });
  it('is named by the first digits of its root, or more of them', () => {
    const rotation = { id: '9f8e40df12ab', retire: ['old'] };
    const named = (adopt: string) => leftBehindOf({ rotation, state: 'previous', use: 'unclear', adopt }, issuer).named;
    expect([named('9f8e40df12ab'), named('9f8e40df12abcdef'), named('9f8e40df12ac')]).toEqual([true, true, undefined]);
  });
});

describe('rotationLeftBehind', () => {
  const inUse = { id: '9f8e40df12ab', use: 'inUse' } as const;
  const left = (of: string, severity: ExpectedFinding['severity'], hint: string): ExpectedFinding => ({
    reason: 'RotationLeftBehind',
    severity,
    subject: 'Secret linkerd/reroot-rotation',
    says: [`an earlier rotation of the ${of}`],
    hint,
  });
  it.each<Case>([
    { name: 'finds nothing when no rotation was left', observed: { leftBehind: undefined }, finds: [] },
    {
      name: 'warns when a rotation of the root continues one of the root',
      observed: { leftBehind: { of: 'root', ...inUse }, course: COURSES.standard.course },
      finds: [left('root', 'warn', 'continues it')],
    },
    {
      name: 'warns when a rotation of the issuer continues one of the issuer',
      observed: { leftBehind: { of: 'issuer', ...inUse }, course: COURSES.issuer.course },
      finds: [left('issuer', 'warn', 'continues it')],
    },
    {
      name: 'blocks a rotation of the issuer after one of the root',
      observed: { leftBehind: { of: 'root', ...inUse }, course: COURSES.issuer.course },
      finds: [left('root', 'block', '`reroot rotate`')],
    },
    {
      name: 'blocks a rotation of the root after one of the issuer',
      observed: { leftBehind: { of: 'issuer', ...inUse }, course: COURSES.bridge.course },
      finds: [left('issuer', 'block', '`reroot rotate-issuer`')],
    },
    {
      name: 'warns of what nothing refers to: it is replaced, of whatever kind it is',
      observed: { leftBehind: { of: 'issuer', ...inUse, use: 'unused' } },
      finds: [{ ...left('root', 'warn', 'replaces them'), says: ['9f8e40df12ab', 'planted'] }],
    },
    {
      name: 'blocks where a pod alone speaks for it: it may be planted',
      observed: { leftBehind: { of: 'root', ...inUse, use: 'unclear' } },
      finds: [
        {
          reason: 'RotationLeftBehind',
          severity: 'block',
          subject: 'Secret linkerd/reroot-rotation',
          says: ['planted', '`adopt`: "9f8e40df12ab"'],
        },
      ],
    },
    {
      name: 'goes on with what the input names',
      observed: { leftBehind: { of: 'root', ...inUse, use: 'unclear', named: true } },
      finds: [left('root', 'warn', 'continues it')],
    },
    {
      name: 'says when leaves end with its bridge certificate',
      observed: { leftBehind: { of: 'root', ...inUse, bridgeNotAfter: after(1000) } },
      finds: [{ ...left('root', 'warn', 'abort'), says: ['every leaf ends', after(1000)] }],
    },
  ])('$name', holds);
});
