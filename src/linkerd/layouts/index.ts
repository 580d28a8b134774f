import type { Layout } from './layout.js';
import { layoutA } from './layout-a.js';
import { layoutB } from './layout-b.js';
import { layoutC } from './layout-c.js';
import { layoutD } from './layout-d.js';

export const LAYOUTS: readonly Layout[] = [layoutA, layoutB, layoutC, layoutD];

/** Which layout the stored configuration looks like (reference.md section 1.5, steps 2 to 4). */
export function layoutOfObjects(
  hasTrustRoots: boolean,
  config: Record<string, string> | undefined,
  has: (text: string, path: readonly string[]) => boolean,
): Layout | undefined {
  if (hasTrustRoots) return layoutD;
  if (config?.['global'] !== undefined) return layoutA;
  const values = config?.['values'];
  if (values === undefined) return undefined;
  return [layoutB, layoutC].find(({ anchors: [first] }) => first?.path && has(values, first.path));
}
