// Installs the packages of the lock file, when they are not there.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * `npm ci` without a single install script: programs of strangers, which no package of ours needs (esbuild and @swc/core
 * check what npm has installed, protobufjs checks a version). npm 10 runs them all, npm 11 those that are not listed, with a
 * notice; for an `npm ci` of a person, .npmrc makes a recent npm 11 (11.19 does) refuse what package.json does not list.
 */
const CLEAN_INSTALL = ['ci', '--ignore-scripts', '--loglevel=error'];

/**
 * @returns whether anything had to be installed
 * @throws Error when npm fails
 */
export async function install(root, say) {
  if (installedAsLocked(root)) return false;
  say('installing packages (npm ci)');
  // `npm pack --dry-run` tells every npm below it to run dry
  const code = await run('npm', [...CLEAN_INSTALL, '--no-dry-run'], root);
  if (code !== 0) throw new Error('npm ci failed');
  return true;
}

/** npm keeps a copy of what it installed; platform packages of other machines are not in it. */
function installedAsLocked(root) {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const have = packages(installed);
  return Object.entries(packages(path.join(root, 'package-lock.json'))).every(
    ([name, { version, optional }]) => name === '' || have[name]?.version === version || (optional && !have[name]),
  );
}

/** Set-up talks on stderr only. */
function run(file, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
