import { expect, it } from 'vitest';
import { isServedHost } from '../../../src/operate/served-host.js';

it.each([
  ['localhost', true],
  ['LOCALHOST:8080', true],
  ['127.0.0.1:8080', true],
  ['10.1.2.3', true],
  ['[::1]:8080', true],
  ['reroot.example.com:8080', true],
  ['reroot.reroot.svc:8080', true],
  ['reroot.reroot.svc.cluster.local', true],
  [undefined, false],
  ['', false],
  ['evil.example.com', false],
  ['localhost.evil.example.com', false],
  ['127.0.0.1.evil.example.com', false],
  ['a.b.svc.evil.example.com', false],
  ['a.b.svc.cluster.local.evil.example.com', false],
  ['evil.example.com:127.0.0.1', false],
  ['[::1].evil.example.com', false],
])('a request for %s is answered: %s', (header, answered) => {
  expect(isServedHost(header, 'reroot.example.com')).toBe(answered);
});
