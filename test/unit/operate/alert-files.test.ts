import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/operate/metrics.js';
import { panelsOf } from '../../dashboard.js';

/** What alerts, dashboard, runbook and program say of each other. */

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}

interface RuleTest {
  name: string;
  promql_expr_test: { exp_samples: { labels: string }[] }[];
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (...file: string[]) => readFileSync(path.join(ROOT, ...file), 'utf8');
const { groups } = parse(read('deploy', 'chart', 'reroot', 'files', 'alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const names = [...new Set(rules.map(({ alert }) => alert))];
const page = read('docs', 'operate.md');
const tests = readdirSync(path.join(ROOT, 'test', 'operate'))
  .filter((file) => file.endsWith('.test.yaml'))
  .flatMap((file) => (parse(read('test', 'operate', file)) as { tests: RuleTest[] }).tests);

describe('an alert', () => {
  it.each(rules)('$alert ($labels.severity) says how grave it is, of which cluster, and where to read on', (rule) => {
    const { alert, labels, annotations } = rule;
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).toContain('$labels.cluster');
    expect(annotations.description.length).toBeGreaterThan(40);
    expect(annotations.runbook_url).toBe(`https://reroot.invalid/docs/operate.md#${alert.toLowerCase()}`);
  });

  it.each(names)('%s has a section of the runbook, under Alerts', (name) => {
    const alerts = sectionOf(page, 2, 'Alerts');
    const section = sectionOf(alerts, 3, name);
    for (const part of ['Severity', 'Means', 'Affected', 'Look at', 'Do', 'Goes away'])
      expect(section).toMatch(new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, 'm'));
    for (const { labels } of rules.filter(({ alert }) => alert === name))
      expect(section.split('**Means')[0]).toContain(labels.severity);
  });

  it('has no section in the runbook when there is none', () => {
    const sections = [...sectionOf(page, 2, 'Alerts').matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(new Set(sections)).toEqual(new Set(names));
    expect(sections).toHaveLength(names.length);
  });

  it.each(rules)('$alert ($labels.severity) is shown to fire, and not to fire', ({ alert, labels }) => {
    const fires = (test: RuleTest) =>
      test.promql_expr_test.flatMap(({ exp_samples }) => exp_samples.map((each) => each.labels));
    const own = tests.filter(({ name }) => name.split(':')[0]?.split(', ').includes(alert));
    const isOf = (text: string) =>
      text.includes(`alertname="${alert}"`) && text.includes(`severity="${labels.severity}"`);
    expect(own.filter((test) => fires(test).some(isOf))).not.toEqual([]);
    const silent = ({ promql_expr_test }: RuleTest) =>
      promql_expr_test.some(({ exp_samples }) => !exp_samples.some((each) => isOf(each.labels)));
    expect(own.filter(silent)).not.toEqual([]);
  });
});

describe('a metric', () => {
  let known: Set<string>;
  beforeAll(async () => {
    const { text } = await createMetrics({ cluster: 'prod', version: '1.0.0' }).exposition();
    known = new Set(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) => familyOf(name, type)),
    );
  });

  it.each(rules.map(({ alert, expr }) => ({ where: alert, expr })).concat(queries()))(
    'of $where is one that a worker has',
    ({ expr }) => {
      const used = [...expr.matchAll(/\b(reroot|process)_[a-z_]+/g)].map(([name]) => name);
      expect(used).not.toEqual([]);
      expect(used.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe('a panel', () => {
  it.each(panelsOf())('$title says what it shows', ({ description, queries: asked }) => {
    expect(description).toMatch(/^[A-Z`].{20,}\.$/s);
    expect(asked).not.toEqual([]);
  });

  it('asks of the chosen cluster alone, where the metric has one', () => {
    const all = queries().filter(({ expr }) => !/process_|reroot_build_info/.test(expr));
    expect(all.filter(({ expr }) => !expr.includes('cluster=~"$cluster"'))).toEqual([]);
  });
});

function queries(): { where: string; expr: string }[] {
  return panelsOf().flatMap(({ title, queries: asked }) => asked.map((expr) => ({ where: title, expr })));
}

function familyOf(name: string, type = ''): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
}

/** The text under a heading, until the next of its level. */
function sectionOf(text: string, level: number, title: string): string {
  const [, ...sections] = text.split(new RegExp(`^${'#'.repeat(level)} (?=\\S)`, 'm'));
  return sections.find((section) => section.split('\n')[0] === title) ?? '';
}
