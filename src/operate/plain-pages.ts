import { jsonText } from '../ground/plain.js';
import type { Overview } from '../rotation/overview.js';
import type { Pages } from './server.js';

/** What is shown where nobody draws anything: the overview as it is. */
export const PLAIN_PAGES: Pages = { document, body, script: '' };

function document(overview: Overview): string {
  const title = `reroot: ${escaped(overview.cluster)}`;
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body(overview)}</body></html>\n`;
}

function body(overview: Overview): string {
  return `<main><pre>${escaped(jsonText(overview))}</pre></main>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
