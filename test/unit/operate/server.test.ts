import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PAGES, SCRIPT_HASH } from '../../../src/picture/index.js';
import { type HttpServer, type Served, serveHttp } from '../../../src/operate/server.js';
import type { Overview } from '../../../src/rotation/overview.js';

const OVERVIEW: Overview = {
  ...{ at: '2026-01-01T00:00:00Z', cluster: '<b>prod</b>', apiServer: 'https://api', version: '1.0.0' },
  ...{ linkerdNamespace: 'linkerd', timeline: [], certificates: [], problems: ['a \u202E problem'] },
};

describe('what is served', () => {
  let server: HttpServer;
  let why: string | undefined;
  const served: Served = {
    overview: () => OVERVIEW,
    pages: PAGES,
    metrics: async () => await Promise.resolve({ type: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    whyNotReady: () => why,
  };
  beforeEach(async () => {
    why = undefined;
    server = await serveHttp('127.0.0.1:0', served);
  });
  afterEach(async () => await server.close());

  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };

  it.each([
    ['/livez', 'text/plain; charset=utf-8', 'alive\n'],
    ['/readyz', 'text/plain; charset=utf-8', 'ready\n'],
    ['/metrics?x=y', 'text/plain; version=0.0.4', 'up 1\n'],
  ])('%s', async (path, type, text) => {
    expect(await get(path)).toEqual({ status: 200, type, text });
  });
  it('the overview is JSON in which nothing is hidden', async () => {
    const { type, text } = await get('/overview.json');
    expect(type).toBe('application/json; charset=utf-8');
    expect(JSON.parse(text)).toEqual(OVERVIEW);
    expect(text).not.toContain('\u202E');
  });
  it('a page has nothing in it that others could have made HTML of', async () => {
    for (const path of ['/', '/page']) expect((await get(path)).text).toContain('&lt;b&gt;prod&lt;/b&gt;');
    expect((await get('/')).text).not.toContain('<b>prod');
  });
  it('says why it is not ready', async () => {
    why = 'a worker of Temporal is STOPPING';
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready: a worker of Temporal is STOPPING\n' });
    expect((await get('/livez')).status).toBe(200);
  });
  it('can be read, and nothing else', async () => {
    expect(await get('/livez', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await get('/overview.json', { method })).status).toBe(405);
    for (const path of ['/nothing', '/__proto__', '/constructor', '/../etc/passwd'])
      expect((await get(path)).status).toBe(404);
  });
  it('lets scripts of its own run alone, and nobody frame or keep it', async () => {
    const { headers } = await fetch(server.url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${SCRIPT_HASH}`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });
  it('takes the policy of the page, where it has one', async () => {
    const own = await serveHttp('127.0.0.1:0', { ...served, pages: { ...served.pages, csp: "default-src 'none'" } });
    expect((await fetch(own.url)).headers.get('content-security-policy')).toBe("default-src 'none'");
    await own.close();
  });
  it('answers nobody who has come by another name', async () => {
    const { port } = new URL(server.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/overview.json', headers: { host: 'evil.example.com' } };
      request(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
  it('takes no headers without end', async () => {
    const { status } = await get('/livez', { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(status).toBe(431);
  });
  it('says that something cannot be shown, and why to nobody', async () => {
    const broken = await serveHttp('127.0.0.1:0', {
      ...served,
      overview: () => {
        throw new Error('secret');
      },
    });
    const response = await fetch(`${broken.url}/overview.json`);
    expect([response.status, await response.text()]).toEqual([500, 'this cannot be shown now\n']);
    await broken.close();
  });
  it('cannot listen where somebody else does', async () => {
    await expect(serveHttp(new URL(server.url).host, served)).rejects.toThrow('EADDRINUSE');
  });
});
