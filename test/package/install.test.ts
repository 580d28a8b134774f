import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A project with this repository's policy, and a package with an install script that nobody has listed. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const INSTALLER = path.join(ROOT, 'scripts', 'install.mjs');
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { allowScripts: object };
let project = '';

beforeEach(async () => {
  project = mkdtempSync(path.join(tmpdir(), 'reroot-install-'));
  const stranger = path.join(project, 'stranger');
  mkdirSync(stranger);
  write('stranger/package.json', {
    ...{ name: 'stranger', version: '1.0.0' },
    scripts: { postinstall: `node -e "require('fs').writeFileSync('${path.join(project, 'ran')}', '')"` },
  });
  await run('npm', ['pack', '--ignore-scripts', './stranger']);
  rmSync(stranger, { recursive: true });
  const { allowScripts } = manifest;
  write('package.json', { name: 'project', allowScripts, dependencies: { stranger: 'file:stranger-1.0.0.tgz' } });
  await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--offline']);
  copyFileSync(path.join(ROOT, '.npmrc'), path.join(project, '.npmrc'));
}, 60_000);

afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('an install script that is not listed', () => {
  it('would run, if npm was left to itself', async () => {
    await run('npm', ['ci', '--offline', '--strict-allow-scripts=false', '--ignore-scripts=false']);
    expect(hasRun()).toBe(true);
  }, 60_000);

  it('does not run when reroot installs its packages, with whichever npm', async () => {
    const program = `import { install } from ${JSON.stringify(INSTALLER)}; await install(${JSON.stringify(project)}, () => {});`;
    await run(process.execPath, ['--input-type=module', '-e', program]);
    expect(existsSync(path.join(project, 'node_modules', 'stranger', 'package.json'))).toBe(true);
    expect(hasRun()).toBe(false);
  }, 60_000);

  it.skipIf(!isStrict())(
    'ends an `npm ci` of a person, where npm can refuse it (11.19 does)',
    async () => {
      await expect(run('npm', ['ci', '--offline'])).rejects.toThrow(/stranger/);
      expect(hasRun()).toBe(false);
    },
    60_000,
  );
});

function hasRun(): boolean {
  return existsSync(path.join(project, 'ran'));
}

function write(file: string, content: object): void {
  writeFileSync(path.join(project, file), JSON.stringify(content));
}

async function run(file: string, args: string[]): Promise<void> {
  await promisify(execFile)(file, args, { cwd: project, env: environment() });
}

/** Whether this npm knows the setting. */
function isStrict(): boolean {
  const options = { cwd: tmpdir(), env: environment(), encoding: 'utf8' } as const;
  return /^(true|false)$/.test(execFileSync('npm', ['config', 'get', 'strict-allow-scripts'], options).trim());
}

/** Without the settings that an `npm test` around this hands down. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));
}
