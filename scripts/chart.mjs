// Makes what of deploy/chart/reroot says the same as something else: README.md, from values.yaml, and the copies of deploy's files
// that a chart has to have inside of it. `node scripts/chart.mjs` writes them; test/unit/deploy/chart.test.ts says when they are old.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { isMap, isScalar, parseDocument } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '..');
const DEPLOY = path.join(ROOT, 'deploy');
const CHART = path.join(DEPLOY, 'chart', 'reroot');
const COPIES = path.join('files', 'deploy');

/** Every file that is made, by its path in the chart, with the text that it should have. */
export async function chartFiles() {
  const rbac = readdirSync(path.join(DEPLOY, 'rbac')).filter((name) => name.endsWith('.yaml'));
  const copied = ['objects.yaml', 'policy.yaml', ...rbac.map((name) => path.join('rbac', name))];
  const copies = copied.map((name) => [path.join(COPIES, name), readFileSync(path.join(DEPLOY, name), 'utf8')]);
  return new Map([...copies, ['README.md', await readme()]]);
}

/** The files of the copies' folder that nothing in deploy stands for. */
export async function strayFiles() {
  const made = await chartFiles();
  const found = readdirSync(path.join(CHART, COPIES), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(CHART, path.join(entry.parentPath ?? entry.path, entry.name)));
  return found.filter((name) => !made.has(name));
}

async function readme() {
  const { contents } = parseDocument(readFileSync(path.join(CHART, 'values.yaml'), 'utf8'));
  const rows = rowsOf(contents, '').map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  const text = [
    '# Chart of reroot',
    '',
    '<!-- made by `node scripts/chart.mjs` from values.yaml: change that -->',
    '',
    'Workers of reroot, in the cluster whose trust root they replace. How to install, by situation, to upgrade and to uninstall:',
    '[docs/operate.md](../../../docs/operate.md#install). What its rights are for: [docs/permissions.md](../../../docs/permissions.md).',
    '',
    '```sh',
    'helm install reroot deploy/chart/reroot -n reroot --create-namespace \\',
    '  --set image.repository=registry.example.com/reroot --set temporal.address=temporal-frontend.temporal:7233',
    '```',
    '',
    'A value that the chart does not know is refused by its schema.',
    '',
    '| value | default | what it is |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  const file = path.join(CHART, 'README.md');
  return await format(text, { ...(await resolveConfig(file)), filepath: file });
}

/** @returns name, default and comment of each value; what has a comment and is a map has a row of its own, without a default */
function rowsOf(map, prefix) {
  return map.items.flatMap(({ key, value }, index) => {
    const name = `${prefix}${key.value}`;
    // the comment of a map's first pair is kept with the map
    const said = (index === 0 && prefix !== '' ? map.commentBefore : key.commentBefore) ?? '';
    // the first of the file is about the file
    const about = said
      .split('\n\n')
      .at(-1)
      .replaceAll(/\s*\n\s*/g, ' ')
      .trim();
    if (!isMap(value) || value.items.length === 0) return [[`\`${name}\``, `\`${defaultOf(value)}\``, about]];
    return [...(about ? [[`\`${name}\``, '', about]] : []), ...rowsOf(value, `${name}.`)];
  });
}

function defaultOf(value) {
  return isScalar(value) && value.value !== '' ? String(value.value) : JSON.stringify(value.toJSON());
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}

async function main() {
  for (const name of await strayFiles().catch(() => [])) rmSync(path.join(CHART, name));
  for (const [name, text] of await chartFiles()) {
    mkdirSync(path.dirname(path.join(CHART, name)), { recursive: true });
    writeFileSync(path.join(CHART, name), text);
  }
}

if (process.argv[1] === import.meta.filename) await main();
