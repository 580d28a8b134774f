import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { debian } from '../debian.js';
import { FILES } from './prometheus.js';

/** Alerts fire when they should, and not when they should not. */

const FOLDER = path.resolve(import.meta.dirname, '../operate');
const { missing, files } = debian('promtool');

describe.skipIf(missing)('alerts', () => {
  it('are rules that Prometheus takes', async () => {
    const { stdout } = await promisify(execFile)(files.promtool, ['check', 'rules', path.join(FILES, 'alerts.yaml')]);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  it.each(readdirSync(FOLDER).filter((file) => file.endsWith('.test.yaml')))('fire as %s says', async (file) => {
    const { stdout } = await promisify(execFile)(files.promtool, ['test', 'rules', file], { cwd: FOLDER }).catch(
      (error: { stdout: string; stderr: string }) => ({ stdout: error.stdout + error.stderr }),
    );
    expect(stdout.trim()).toBe(`Unit Testing:  ${file}\n  SUCCESS`);
  });
});
