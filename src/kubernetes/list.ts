import type { ConfigurationOptions } from '@kubernetes/client-node';
import { present } from '../ground/present.js';
import { isKubernetesError } from './errors.js';
import { rawList } from './raw-list.js';

/** Objects asked for at a time; the API server holds a page in memory, so neither side keeps the whole cluster. */
export const PAGE_SIZE = 500;

/** What a list call is asked for. */
export interface PageRequest {
  limit: number;
  _continue?: string;
}

/** What it answers. */
export interface Page<T> {
  items: T[];
  metadata?: { _continue?: string; resourceVersion?: string };
}

/** What a list found, and the version from which a watch goes on. */
export interface Listed<R> {
  items: R[];
  resourceVersion: string;
}

/** Asks for one page; with the options, its objects come as JSON has them: times are texts. */
export type FetchPage<T> = (page: PageRequest, asJson: ConfigurationOptions) => Promise<Page<T>>;

/**
 * Lists everything, a page at a time, keeping only what `select` makes of each object (so that memory is for what is
 * needed). When the server has forgotten the list's snapshot in between (410 Gone), it starts over.
 */
export async function listAll<T, R>(fetchPage: FetchPage<T>, select: (item: T) => R | undefined): Promise<R[]> {
  return (await listVersioned(fetchPage, select)).items;
}

/** The same, for whoever goes on with a watch. */
export async function listVersioned<T, R>(
  fetchPage: FetchPage<T>,
  select: (item: T) => R | undefined,
): Promise<Listed<R>> {
  for (;;) {
    try {
      return await listOnce(fetchPage, select);
    } catch (error) {
      if (!isKubernetesError(error) || error.status !== 410) throw error;
    }
  }
}

async function listOnce<T, R>(fetchPage: FetchPage<T>, select: (item: T) => R | undefined): Promise<Listed<R>> {
  const items: R[] = [];
  let resourceVersion: string | undefined;
  let token: string | undefined;
  do {
    const { options, items: asCame } = rawList();
    const page = await fetchPage({ limit: PAGE_SIZE, ...present({ _continue: token }) }, options);
    for (const item of (asCame() as T[] | undefined) ?? page.items) {
      const selected = select(item);
      if (selected !== undefined) items.push(selected);
    }
    resourceVersion ??= page.metadata?.resourceVersion; // all pages are of the first one's moment
    token = page.metadata?._continue || undefined;
  } while (token);
  return { items, resourceVersion: resourceVersion ?? '' };
}
