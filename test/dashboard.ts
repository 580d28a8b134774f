import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What is in the chart's dashboard, for tests. */

export interface Panel {
  title: string;
  description: string;
  queries: string[];
}

const FILE = path.resolve(import.meta.dirname, '../deploy/chart/reroot/files/dashboard.json');

interface Written {
  type: string;
  title: string;
  description?: string;
  targets?: { expr: string }[];
}

/** Rows are none. */
export function panelsOf(): Panel[] {
  const { panels } = JSON.parse(readFileSync(FILE, 'utf8')) as { panels: Written[] };
  return panels
    .filter(({ type }) => type !== 'row')
    .map(({ title, description = '', targets = [] }) => ({
      title,
      description,
      queries: targets.map(({ expr }) => expr),
    }));
}

/** As Grafana puts values in the place of its variables. */
export function withVariables(query: string, cluster: string, interval = '10s'): string {
  return query.replaceAll('$cluster', cluster).replaceAll('$__rate_interval', interval);
}
