import { lists } from '../access/lists.js';
import { plugins } from '../access/plugins.js';
import { ports } from '../access/ports.js';
import { proxies } from '../access/proxies.js';
import { users } from '../access/users.js';
import type { Row } from '../row.js';

export const access: readonly Row[] = [...lists, ...plugins, ...users, ...proxies, ...ports];
