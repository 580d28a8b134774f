import type { Row } from '../row.js';
import { attributeRows } from '../temporal/attributes.js';
import { clockRows } from '../temporal/clock.js';
import { embeddedRows } from '../temporal/embedded.js';
import { historyRows } from '../temporal/history.js';
import { reachRows } from '../temporal/reach.js';

export const temporal: readonly Row[] = [...attributeRows, ...reachRows, ...embeddedRows, ...historyRows, ...clockRows];
