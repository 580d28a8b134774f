import { mkdirSync, mkdtempSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PAGES, renderPage } from '../../src/picture/index.js';
import { debian } from '../debian.js';
import {
  completed,
  halfWay,
  hostile,
  large,
  renewing,
  type Scene,
  SCENES,
  stuck,
  waitingForApproval,
} from '../unit/picture/overviews.js';

/** The page in a real browser: what it looks like is judged by eye, of the screenshots; everything else is held here. */

const { missing, files } = debian('chromium');

const SHOTS = process.env['REROOT_ARTIFACTS'] ?? mkdtempSync(path.join(tmpdir(), 'reroot-page-'));

interface Served {
  url: string;
  show(scene: Scene): void;
  /** Paths that were asked for. */
  asked: string[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Answers as the worker's server does. */
async function serve(first: Scene): Promise<Served> {
  let now = first;
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const { url = '/' } = request;
    asked.push(url);
    const pages = { '/': PAGES.document, '/page': PAGES.body }[url];
    response.writeHead(pages ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGES.csp,
    });
    response.end(pages?.(now.overview, now.now));
  });
  const listen = async (port: number) =>
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    show: (scene) => (now = scene),
    asked,
    start: async () => await listen(port),
    stop: async () => {
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface Opened extends Served {
  page: Page;
  /** What the browser has said of errors, and what it has asked of anybody else. */
  complaints: string[];
  elsewhere: string[];
}

type Look = NonNullable<Parameters<Browser['newContext']>[0]>;

describe.skipIf(missing)('the page in Chromium', () => {
  let browser: Browser;
  const open: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    process.stderr.write(`screenshots of the page: ${SHOTS}\n`);
    browser = await chromium.launch({ executablePath: files.chromium, args: ['--no-sandbox'] });
  });
  afterAll(async () => await browser?.close());
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  async function opened(scene: Scene, look: Look = {}): Promise<Opened> {
    const served = await serve(scene);
    const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...look });
    const page = await context.newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && `${origin}/` !== served.url) elsewhere.push(request.url());
    });
    open.push(async () => {
      await context.close();
      await served.stop();
    });
    await page.goto(served.url);
    await page.locator('#connection[data-state=live]').waitFor();
    return { ...served, page, complaints, elsewhere };
  }

  it.each(Object.entries(SCENES))(
    'shows %s without an error, a breach of its policy, or a word to anybody else',
    async (_name, make) => {
      const { page, complaints, elsewhere } = await opened(make());
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('script').count()).toBe(1);
      expect([complaints, elsewhere]).toEqual([[], []]);
    },
  );

  it('changes what has changed, and whoever reads stays where they are', async () => {
    const { page, show, complaints } = await opened(renewing());
    await page.locator('#numbers summary').focus();
    await page.keyboard.press('Enter');
    await page.evaluate(
      `document.querySelector('#numbers').dataset.mine = 'kept'; window.scrollTo(0, 300); document.querySelector('h1').mark = true`,
    );
    show(stuck());
    await page.locator('h1', { hasText: 'needs attention' }).waitFor();
    expect(await page.title()).toBe('(!) prod: retire, needs attention');
    expect(await page.evaluate(`document.activeElement.closest('details')?.id`)).toBe('numbers');
    expect(await page.locator('#numbers').evaluate((element) => (element as unknown as { open: boolean }).open)).toBe(
      true,
    );
    expect(await page.evaluate('document.querySelector("h1").mark')).toBe(true);
    expect(await page.locator('.waits.loud').isVisible()).toBe(true);
    show(completed());
    await page.locator('h1', { hasText: 'Rotation completed' }).waitFor();
    expect(await page.locator('.waits, .alerts, .track').count()).toBe(0);
    expect(await page.evaluate(`document.activeElement.closest('details')?.id`)).toBe('numbers');
    expect(complaints).toEqual([]);
  });

  it('is the same picture, changed step by step, as loaded at once', async () => {
    const { page, show } = await opened(renewing());
    const comparable = `(() => { const body = document.getElementById('body').cloneNode(true); for (const one of body.querySelectorAll('details')) one.removeAttribute('open'); return body.innerHTML.replace(/\\s+/g, ' '); })()`;
    for (const make of [waitingForApproval, large, hostile, halfWay, completed, stuck]) {
      const scene = make();
      show(scene);
      const title = /data-title="([^"]*)"/.exec(PAGES.body(scene.overview, scene.now))?.[1] ?? '';
      const wanted = await page.evaluate(
        `new DOMParser().parseFromString(${JSON.stringify(PAGES.body(scene.overview, scene.now))}, 'text/html').getElementById('body').innerHTML.replace(/\\s+/g, ' ')`,
      );
      await expect.poll(async () => await page.evaluate(comparable), { timeout: 60_000, message: title }).toBe(wanted);
    }
  });

  it('says since when nobody has answered, and goes on when somebody does', async () => {
    const { page, stop, start } = await opened(renewing());
    await stop();
    const connection = page.locator('#connection');
    await page.locator('#connection[data-state=lost]').waitFor();
    expect(await connection.textContent()).toMatch(/^Not connected since \d\d:\d\d:\d\d UTC$/);
    expect(await page.locator('#said').textContent()).toMatch(/^Not connected since/);
    await start();
    await page.locator('#connection[data-state=live]').waitFor();
    expect(await page.locator('#said').textContent()).toContain('proxies renew by themselves');
  });

  it('asks nobody while it is hidden', async () => {
    const { page, asked } = await opened(renewing());
    const hide = (hidden: boolean) =>
      `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`;
    await page.evaluate(hide(true));
    expect(await page.locator('#connection').getAttribute('data-state')).toBe('resting');
    const before = asked.length;
    await page.waitForTimeout(5000);
    expect(asked.length).toBe(before);
    await page.evaluate(hide(false));
    await expect.poll(() => asked.length, { timeout: 60_000 }).toBeGreaterThan(before);
  });

  it('is reached by keyboard: the skip link first, then everything that opens', async () => {
    const { page } = await opened(large());
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the picture');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('picture');
    const reached: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(`document.activeElement.closest('details')?.id ?? ''`));
    }
    expect(reached.slice(0, 2)).toEqual(['more-namespaces', 'numbers']);
    await page.locator('#more-namespaces summary').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.compact tr').count()).toBe(471);
    expect(await page.locator('.compact').isVisible()).toBe(true);
  });

  it('has names for its charts, regions and tables in the accessibility tree', async () => {
    const { page } = await opened(halfWay());
    for (const name of ['What proxies trust', 'What proxies present'])
      expect(await page.getByRole('img', { name }).count()).toBe(1);
    for (const name of ['Phases', 'Who trusts and presents what', 'Over time', 'Certificates and their ends'])
      expect(await page.getByRole('region', { name, exact: true }).count()).toBe(1);
    for (const role of ['banner', 'main', 'contentinfo'] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.getByRole('rowheader', { name: /^orders/ }).count()).toBe(1);
    expect(await page.getByRole('status').count()).toBe(1);
  });

  it.each([360, 1280])('keeps tables that are tables, at %i px', async (width) => {
    const { page } = await opened(halfWay(), { viewport: { width, height: 800 } });
    expect(
      await page
        .getByRole('table', { name: /Proxies of each namespace/ })
        .getByRole('row')
        .count(),
    ).toBe(7);
  });

  it.each(Object.entries(SCENES))('never scrolls sideways at 360 px: %s', async (_name, make) => {
    const { page } = await opened(make(), { viewport: { width: 360, height: 760 } });
    for (const details of await page.locator('details > summary').all()) await details.click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it.each(['light', 'dark'] as const)('has texts with a contrast of 4.5 at least, in %s', async (colorScheme) => {
    for (const make of [stuck, halfWay, completed, hostile]) {
      const { page } = await opened(make(), { colorScheme });
      expect(await page.evaluate(WEAK_TEXTS)).toEqual([]);
    }
  });

  it('is dark where somebody wants it dark', async () => {
    const ground = async (colorScheme: 'light' | 'dark') => {
      const { page } = await opened(renewing(), { colorScheme });
      return await page.evaluate(
        '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
      );
    };
    expect(await ground('light')).not.toEqual(await ground('dark'));
  });

  it('is printed without what is live, and kept as a file it needs nobody', async () => {
    const { overview, now } = stuck();
    const context = await browser.newContext({ offline: true });
    open.push(async () => await context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.setContent(renderPage(overview, now, { live: false }));
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.skip').isVisible()).toBe(false);
    expect(await page.locator('.waits').isVisible()).toBe(true);
    expect((await page.pdf({ path: path.join(SHOTS, 'stuck.pdf') })).length).toBeGreaterThan(10_000);
    expect(complaints).toEqual([]);
  });

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
    [3840, 'light'],
    [3840, 'dark'],
  ] as const)('has its picture taken: %i px, %s', async (width, colorScheme) => {
    for (const [name, make] of Object.entries(SCENES)) {
      const { page } = await opened(make(), { viewport: { width, height: width === 3840 ? 2160 : 800 }, colorScheme });
      const fullPage = width !== 3840 && name !== 'large';
      await page.screenshot({ path: path.join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage });
    }
  });
});

/** Texts of the page whose colour is too near to what is behind them (WCAG 2.2, 1.4.3). */
const WEAK_TEXTS = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim());
    if (!own || ['SCRIPT', 'NOSCRIPT', 'title', 'desc'].includes(element.nodeName)) continue;
    const style = getComputedStyle(element);
    const color = channels(element.namespaceURI.endsWith('svg') ? style.fill : style.color);
    const [a, b] = [luminance(color), luminance(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) weak.push(element.nodeName + '.' + (element.className.baseVal ?? element.className) + ' ' + contrast.toFixed(2));
  }
  return [...new Set(weak)];
})()`;
