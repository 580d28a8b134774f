import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import type { Phase } from '../../src/rotation/phases.js';
import type { Demo } from './options.js';
import type { WorkerPool } from './workers.js';

/** Somebody who has the workers' page open in Chromium, and takes a picture in each phase. */
export interface Onlooker {
  sees(phase: Phase): void;
  /** Takes the last picture. */
  end(): Promise<void>;
}

const NOBODY: Onlooker = { sees: () => undefined, end: async () => await Promise.resolve() };
const SIZE = { width: 1280, height: 1000 };
/** A picture of a phase is taken when there is something to be seen of it. */
const SETTLE_MS = 4000;
const PATIENCE_MS = 15_000;
/** A worker answers, and has looked at the mesh. */
const SEEN = 'html[data-connection="live"] .mesh table';

export async function onlookerOf({ out }: Demo, { pageUrl }: WorkerPool): Promise<Onlooker> {
  const url = pageUrl?.();
  if (url === undefined) return NOBODY;
  out.write(`Page: ${url}\n`);
  const program = chromium();
  if (program === undefined) {
    out.write('No Chromium is on the PATH (Debian: apt-get install chromium): no pictures of it\n');
    return NOBODY;
  }
  const folder = artifacts();
  out.write(`Chromium looks at it; pictures: ${folder}\n`);
  const playwright = await import('playwright-core');
  const browser = await playwright.chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
  return await look(browser, { url, folder });
}

async function look(browser: Browser, { url, folder }: { url: string; folder: string }): Promise<Onlooker> {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(url);
  const seen = new Set<string>();
  const pictures: Promise<void>[] = [];
  const take = (what: string): void => {
    if (seen.has(what)) return;
    const file = path.join(folder, `${String(seen.add(what).size).padStart(2, '0')}-${what}.png`);
    pictures.push(sleep(SETTLE_MS).then(async () => await shot(page, file)));
  };
  return {
    sees: take,
    end: async () => {
      take('end');
      await Promise.all(pictures);
      await browser.close();
    },
  };
}

/** The worker that answers may have been killed a moment ago: then when there is one again. One that cannot be taken spoils nothing. */
async function shot(page: Page, file: string): Promise<void> {
  await page.waitForSelector(SEEN, { timeout: PATIENCE_MS }).catch(() => undefined);
  await page.screenshot({ path: file, fullPage: true }).catch(() => undefined);
}

function artifacts(): string {
  const wanted = process.env['REROOT_ARTIFACTS'];
  if (!wanted) return mkdtempSync(path.join(tmpdir(), 'reroot-pictures-'));
  mkdirSync(wanted, { recursive: true });
  return wanted;
}

/** Where Debian's package, or another one, has put it. */
function chromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const candidates = folders.flatMap((folder) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => path.join(folder, name)),
  );
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
