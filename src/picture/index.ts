import type { Overview } from '../rotation/overview.js';
import { policyOf } from './csp.js';
import { renderBody, renderPage } from './page.js';
import { PAGE_SCRIPT } from './script.js';

export { policyOf, SCRIPT_HASH, STYLE_HASH } from './csp.js';
export { type Html, html, own } from './html.js';
export { DEFINITIONS } from './icons.js';
export { type PageOptions, renderBody, renderPage } from './page.js';
export { PAGE_SCRIPT } from './script.js';
export { PAGE_STYLE } from './style.js';

/** What a server of the live page needs: whole pages at `/`, their body at `/page`. */
export const PAGES = {
  /** The whole page. */
  document: (overview: Overview, now: Date = new Date()): string => renderPage(overview, now, { live: true }),
  /** What the page asks for again at `/page`. */
  body: (overview: Overview, now: Date = new Date()): string => renderBody(overview, now),
  /** It stands in the document, byte for byte. */
  script: PAGE_SCRIPT,
  /** The value of the header `Content-Security-Policy` of the page. */
  csp: policyOf('live'),
};
