import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedFiles, embeddedFolder, makeFolder } from '../../../../src/cli/session/embedded-state.js';

let home = '';
let base = '';
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'reroot-state-'));
  base = path.join(home, 'reroot');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function folderOf(cluster: string): string {
  return embeddedFolder(cluster, { XDG_STATE_HOME: home });
}

function make(cluster: string): string {
  const folder = folderOf(cluster);
  makeFolder(embeddedFiles(folder), cluster);
  return folder;
}

/** As 0.3 left it: a database and no owner. */
function makeOld(folder: string): void {
  mkdirSync(path.join(base, folder), { recursive: true });
  writeFileSync(path.join(base, folder, 'temporal.db'), '');
}

describe('the folder of a cluster', () => {
  it('is called by its name', () => {
    expect(folderOf('prod')).toBe(path.join(base, 'prod'));
    expect(folderOf('eu-1.Prod_2')).toBe(path.join(base, 'eu-1.Prod_2'));
  });

  it.each(['..', '.', '../..', '../../.ssh', '/etc', 'a/../../..', 'sandboxes'])(
    'is one folder of its own below reroot’s, with the name %s too',
    (cluster) => {
      const folder = make(cluster);
      expect(path.dirname(folder)).toBe(base);
      expect([home, base, path.join(base, 'sandboxes')]).not.toContain(folder);
    },
  );

  it('is another one for each name, whatever they look like as folders', () => {
    const names = ['a_b', 'a/b', 'a b', 'a:b', 'a+b', '..', '.', '../..', '_', '/'];
    expect(new Set(names.map(make)).size).toBe(names.length);
    expect(names.map(make)).toEqual(names.map(folderOf));
  });

  it('is another one where the file system takes two names for one', () => {
    makeFolder(embeddedFiles(path.join(base, 'prod')), 'Prod');
    expect(folderOf('prod')).toMatch(/prod-[0-9a-f]{12}$/);
  });

  it('is that of 0.3 where there is one, until another cluster has claimed it', () => {
    makeOld('arn_aws_eks_eu_1_cluster_prod');
    const old = path.join(base, 'arn_aws_eks_eu_1_cluster_prod');
    expect(folderOf('arn:aws:eks:eu:1:cluster/prod')).toBe(old);
    expect(make('arn:aws:eks:eu:1:cluster/prod')).toBe(old);
    expect(folderOf('arn_aws_eks_eu_1_cluster_prod')).not.toBe(old);
    expect(folderOf('arn:aws:eks:eu:1:cluster/prod')).toBe(old);
  });

  it.each(['', ' prod', 'a  b', 'a\nb', 'a\u202eb', 'x'.repeat(101)])('is refused with the name %j', (cluster) => {
    expect(() => folderOf(cluster)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('cannot be the name of a cluster') }),
    );
  });

  it('is for this user alone, even where it was open before', () => {
    mkdirSync(path.join(base, 'prod'), { recursive: true, mode: 0o755 });
    expect(statSync(make('prod')).mode & 0o777).toBe(0o700);
  });
});
