import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { devServerFlags, startDevServer } from '../../../../src/cli/session/dev-server.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-dev-server-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A `temporal` program that does what a test needs. */
function program(script: string): NodeJS.ProcessEnv {
  const file = path.join(folder, 'temporal');
  writeFileSync(file, `#!${process.execPath}\n${script}`);
  chmodSync(file, 0o755);
  return { REROOT_TEMPORAL: file };
}

const AT = { database: '/state/temporal.db', port: 1, httpPort: 2 };

describe('the dev server', () => {
  it('listens on loopback, without its UI unless it was asked for', () => {
    expect(devServerFlags(AT).join(' ')).toContain('--ip 127.0.0.1 --port 1 --http-port 2 --headless');
    const withUi = devServerFlags({ ...AT, uiPort: 3 });
    expect(withUi.join(' ')).toContain('--ui-ip 127.0.0.1 --ui-port 3');
    expect(withUi).not.toContain('--headless');
  });
  it('allows its HTTP API one host that nobody can guess, another each time', () => {
    const host = () => /frontend\.httpAllowedHosts=\["([0-9a-f]{32})"\]/.exec(devServerFlags(AT).join('\n'))?.[1];
    expect(host()).toBeTruthy();
    expect(host()).not.toBe(host());
  });

  it('is not the stranger who took its port before it could, although it runs on', async () => {
    const stranger = `
      const { spawn } = require('node:child_process');
      const port = process.argv[process.argv.indexOf('--port') + 1];
      const listen = "require('net').createServer((c) => c.destroy()).listen(" + port + ", '127.0.0.1'); setTimeout(process.exit, 10000)";
      spawn(process.execPath, ['-e', listen], { detached: true, stdio: 'ignore' }).unref();
      setTimeout(() => {}, 60000);`;
    await expect(startDevServer(path.join(folder, 'db'), program(stranger), { ui: false })).rejects.toThrow(
      /is answered, but not by process \d+, which was started as the Temporal dev server/,
    );
  });
  it('says how it ended, when it does so each time', async () => {
    await expect(startDevServer(path.join(folder, 'db'), program('process.exit(7)'), { ui: false })).rejects.toThrow(
      'the Temporal dev server ended with 7',
    );
  });
});
