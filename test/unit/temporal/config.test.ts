import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  hasTemporalServer,
  loadTemporalConfig,
  profileFile,
  settingsWithoutServer,
} from '../../../src/temporal/config.js';

const folder = mkdtempSync(path.join(tmpdir(), 'reroot-profile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the file of Temporal’s profiles', () => {
  it.each([
    ['linux', { HOME: '/home/me' }, '/home/me/.config/temporalio/temporal.toml'],
    ['linux', { HOME: '/home/me', XDG_CONFIG_HOME: '/etc/me' }, '/etc/me/temporalio/temporal.toml'],
    ['linux', { HOME: '/home/me', XDG_CONFIG_HOME: 'not/absolute' }, undefined],
    ['linux', {}, undefined],
    ['darwin', { HOME: '/Users/me' }, '/Users/me/Library/Application Support/temporalio/temporal.toml'],
    [
      'darwin',
      { HOME: '/Users/me', XDG_CONFIG_HOME: '/etc/me' },
      '/Users/me/Library/Application Support/temporalio/temporal.toml',
    ],
    ['win32', { APPDATA: 'C:/Users/me/AppData/Roaming' }, 'C:/Users/me/AppData/Roaming/temporalio/temporal.toml'],
    ['win32', { HOME: '/home/me' }, undefined],
    ['darwin', { HOME: '/Users/me', TEMPORAL_CONFIG_FILE: '/elsewhere.toml' }, '/elsewhere.toml'],
  ])('is on %s with %j at %s', (platform, env, file) => expect(profileFile(env, platform)).toBe(file));

  it('is where envconfig reads it, on this platform', () => {
    const file = path.join(folder, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "temporal.example.com:7233"\nnamespace = "rotations"\n');
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(hasTemporalServer(env)).toBe(true);
    expect(loadTemporalConfig(env)).toMatchObject({ address: 'temporal.example.com:7233', namespace: 'rotations' });
  });
  it('names no server where there is none', () => {
    expect(hasTemporalServer({ HOME: folder }, 'darwin')).toBe(false);
    expect(hasTemporalServer({ HOME: folder, TEMPORAL_ADDRESS: 'a:1' }, 'darwin')).toBe(true);
  });
  it('that cannot be read is named, and none of its lines', () => {
    const file = path.join(folder, 'broken.toml');
    writeFileSync(file, '[profile.default]\napi_key = secret-of-mine\n');
    const load = () => loadTemporalConfig({ TEMPORAL_CONFIG_FILE: file });
    expect(load).toThrow(/cannot be read: .*broken\.toml/);
    expect(load).not.toThrow(/secret-of-mine/);
  });
});

describe('settings of a server that nothing says the address of', () => {
  it.each([
    [{ TEMPORAL_API_KEY: 'k', TEMPORAL_NAMESPACE: 'prod.acct' }, ['TEMPORAL_API_KEY', 'TEMPORAL_NAMESPACE']],
    [{ TEMPORAL_TLS_CLIENT_CERT_PATH: '/c.pem' }, ['TEMPORAL_TLS_CLIENT_CERT_PATH']],
    [{ TEMPORAL_NAMESPACE: 'default', TEMPORAL_API_KEY: '' }, []],
    [{ TEMPORAL_CLI_SHOW_STACKS: '1', TEMPORAL_CONFIG_FILE: '/f' }, []],
  ])('are among %j: %j', (env, names) => expect(settingsWithoutServer(env)).toEqual(names));
});
