import { describe, expect, it } from 'vitest';
import { isProxied, proxyOf } from '../../../../src/kubernetes/access/proxy.js';

const SERVER = 'https://api.corp.example:6443';

describe('the proxy for an API server', () => {
  it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    ['HTTPS_PROXY', SERVER, { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['in lower case', SERVER, { https_proxy: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['upper case first', SERVER, { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:2' }, 'http://a:1/'],
    ['without a scheme', SERVER, { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    ['an empty one', SERVER, { HTTPS_PROXY: '' }, undefined],
    ['HTTP_PROXY is not for https', SERVER, { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['ALL_PROXY is none of Go', SERVER, { ALL_PROXY: 'http://proxy:3128' }, undefined],
    ['HTTP_PROXY for http', 'http://api:80', { HTTP_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['never for this machine', 'https://127.0.0.5:6443', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    ['nor for its name', 'https://localhost:6443', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    ['nor for ::1', 'https://[::1]:6443', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    ['SOCKS looks names up itself', SERVER, { HTTPS_PROXY: 'socks5://proxy:1080' }, 'socks5h://proxy:1080'],
    ['with a password', SERVER, { HTTPS_PROXY: 'socks5://me:x@proxy:1080' }, 'socks5h://me:x@proxy:1080'],
  ])('by the environment: %s', (_what, server, env, proxy) => {
    expect(proxyOf(server, undefined, env)).toBe(proxy);
  });
  it('is that of the kubeconfig first, also for this machine, whatever NO_PROXY says', () => {
    const env = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    expect(proxyOf('https://127.0.0.1:6443', 'http://own:8080', env)).toBe('http://own:8080/');
  });
  it.each(['ftp://me:secret@proxy:21', 'socks4://proxy:1080', '://'])('is refused: %s', (proxy) => {
    expect(() => proxyOf(SERVER, proxy, {})).toThrow(/^proxy-url of the kubeconfig names a/);
    expect(() => proxyOf(SERVER, proxy, {})).not.toThrow('secret');
  });
});

describe('NO_PROXY, as Go reads it', () => {
  it.each([
    ['api.corp.example', false],
    ['corp.example', false],
    ['.corp.example', false],
    ['*.corp.example', false],
    ['CORP.example', false],
    [' a , corp.example ', false],
    ['corp.example:6443', false],
    ['*', false],
    ['x,*', false],
    ['corp.example:443', true],
    ['.api.corp.example', true],
    ['pi.corp.example', true],
    ['orp.example', true],
    ['a corp.example', true],
    ['', true],
    ['10.0.0.0/8', true],
  ])('%s', (noProxy, proxied) => {
    expect(isProxied(new URL(SERVER), noProxy)).toBe(proxied);
  });
  it.each([
    ['https://10.1.2.3:6443', '10.0.0.0/8', false],
    ['https://10.1.2.3:6443', '10.1.2.3', false],
    ['https://10.1.2.3:6443', '10.1.2.3:6443', false],
    ['https://10.1.2.3:6443', '10.1.2.3:443', true],
    ['https://10.1.2.3:6443', '10.1.2.0/33', true],
    ['https://11.1.2.3:6443', '10.0.0.0/8', true],
    ['https://11.1.2.3', '2.3', true],
    ['https://[fd00::5]:6443', 'fd00::/8', false],
    ['https://[fd00::5]:6443', '[fd00::5]:6443', false],
    ['https://[fd00::5]:6443', 'fd00::5', false],
    ['https://[fd00::5]:6443', '[fd00::5]:443', true],
    ['https://[fd00::5]:6443', '10.0.0.0/8', true],
    ['https://x.example', 'x.example:443', false],
  ])('%s: %s', (server, noProxy, proxied) => {
    expect(isProxied(new URL(server), noProxy)).toBe(proxied);
  });
});
