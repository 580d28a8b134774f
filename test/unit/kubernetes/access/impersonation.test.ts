import { expect, it } from 'vitest';
import { impersonation } from '../../../../src/kubernetes/access/impersonation.js';
import { NOBODY } from '../../../../src/kubernetes/access/schema.js';

it('says everything of whom a kubeconfig acts as', () => {
  const user = {
    ...NOBODY,
    as: 'jane',
    'as-uid': '7',
    'as-groups': ['a', 'b, c'],
    'as-user-extra': { 'x.io/Scope é': ['1', '2'] },
  };
  expect(impersonation(user)).toEqual([
    ['Impersonate-User', 'jane'],
    ['Impersonate-Uid', '7'],
    ['Impersonate-Group', 'a'],
    ['Impersonate-Group', 'b, c'],
    ['Impersonate-Extra-x.io%2FScope%20%C3%A9', '1'],
    ['Impersonate-Extra-x.io%2FScope%20%C3%A9', '2'],
  ]);
  expect(impersonation(NOBODY)).toEqual([]);
});
it.each([{ 'as-groups': ['a'] }, { 'as-uid': '7' }, { 'as-user-extra': { a: ['b'] } }])(
  'refuses %o of nobody',
  (user) => {
    expect(() => impersonation({ ...NOBODY, ...user })).toThrow('without `as`');
  },
);
