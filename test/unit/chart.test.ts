import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMap, parse, parseDocument, type YAMLMap } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CHART = path.join(ROOT, 'deploy/chart/reroot');
const { chartFiles, strayFiles } = (await import(path.join(ROOT, 'scripts', 'chart.mjs'))) as {
  chartFiles(): Promise<Map<string, string>>;
  strayFiles(): Promise<string[]>;
};
const read = (file: string) => readFileSync(path.join(CHART, file), 'utf8');

interface Schema {
  additionalProperties?: boolean | object;
  properties?: Record<string, Schema>;
}

const schema = JSON.parse(read('values.schema.json')) as Schema;

/** Names of all values, with those of the maps that are for anybody's own keys as one. */
function names(map: YAMLMap, prefix = ''): string[] {
  return map.items.flatMap(({ key, value }) => {
    const name = `${prefix}${String(key)}`;
    return isMap(value) && isClosed(schemaOf(name)) ? names(value, `${name}.`) : [name];
  });
}

function schemaOf(name: string): Schema | undefined {
  return name.split('.').reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
}

function isClosed(found: Schema | undefined): boolean {
  return found?.additionalProperties === false;
}

function named({ properties = {} }: Schema, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([key, value]) =>
    isClosed(value) ? named(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

describe('the chart', () => {
  it('is of the version of the package', () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const chart = parse(read('Chart.yaml')) as { version: string; appVersion: string };
    expect(chart).toMatchObject({ version, appVersion: version });
  });

  it('has a README of its values, and the rules, objects and policy of deploy: else run `node scripts/chart.mjs`', async () => {
    const old = [...(await chartFiles())].filter(([file, text]) => read(file) !== text).map(([file]) => file);
    expect([...old, ...(await strayFiles())]).toEqual([]);
  });

  it('has a schema of exactly its values', () => {
    const values = names(parseDocument(read('values.yaml')).contents as YAMLMap).toSorted();
    // `global` is Helm's own: a chart that has this one as a part may have it
    expect(
      named(schema)
        .filter((name) => name !== 'global')
        .toSorted(),
    ).toEqual(values);
  });
});
