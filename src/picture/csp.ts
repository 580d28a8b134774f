import { PAGE_SCRIPT } from './script.js';
import { PAGE_STYLE } from './style.js';

/** What a browser may do with the page: show it, and ask where it comes from. Nothing is loaded from anywhere else. */

/** `'sha256-…'`, as a policy names a text that stands in the page. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

export const STYLE_HASH = await hashOf(PAGE_STYLE);
export const SCRIPT_HASH = await hashOf(PAGE_SCRIPT);

/** For a header of a live page, or within a page that is a file. */
export function policyOf(page: 'live' | 'file'): string {
  const own = page === 'live' ? [`script-src ${SCRIPT_HASH}`, "connect-src 'self'", "frame-ancestors 'none'"] : [];
  return [
    "default-src 'none'",
    `style-src ${STYLE_HASH}`,
    'img-src data:',
    ...own,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
