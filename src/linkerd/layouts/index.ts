import type { Layout } from './layout.js';
import { layoutA } from './layout-a.js';
import { layoutB } from './layout-b.js';
import { layoutC } from './layout-c.js';
import { layoutD } from './layout-d.js';

/** Every layout, oldest first. */
export const LAYOUTS: readonly Layout[] = [layoutA, layoutB, layoutC, layoutD];
