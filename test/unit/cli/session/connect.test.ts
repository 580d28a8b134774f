import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../../../src/cli/session/connect.js';

describe('without a Temporal server', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reroot-connect-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const env = { XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };

  it('says that `rotate` starts one', async () => {
    await expect(openSession('new', env, 'find')).rejects.toThrow('Run `reroot rotate`: it starts one.');
  });
  it('whose embedded one has ended, says where the report is, and that `rotate` may begin another', async () => {
    mkdirSync(path.join(folder, 'reroot', 'prod'), { recursive: true });
    writeFileSync(path.join(folder, 'reroot', 'prod', 'temporal.db'), '');
    const refused = expect(openSession('prod', env, 'find')).rejects;
    await refused.toThrow(/ConfigMap reroot-report.*[^]*Otherwise that begins another/);
  });
});
