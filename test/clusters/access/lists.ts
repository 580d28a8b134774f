import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { sandbox } from '../../integration/support.js';
import { CLUSTER, inFolder, kubeconfig, TOKEN, write } from '../kubeconfigs.js';
import type { Row } from '../row.js';
import { refused, seen } from './looks.js';

const target = new URL(CLUSTER.server).host;

export const lists: readonly Row[] = [
  {
    report: 4,
    have: '`KUBECONFIG=a:b`, the context in one file, cluster and user in another, a file of the list missing',
    does: 'merges them as kubectl does; paths of certificates are relative to their own file',
    made: 'API server: two files in two folders and an empty place between them',
    sample: true,
    see: async () =>
      await inFolder(async (folder) => {
        const { server, 'certificate-authority-data': ca } = CLUSTER;
        write(folder, 'ca.crt', Buffer.from(ca, 'base64').toString());
        const contexts = { contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }], 'current-context': 'c' };
        const clusters = {
          clusters: [{ name: 'k', cluster: { server, 'certificate-authority': 'ca.crt' } }],
          users: [{ name: 'u', user: { token: TOKEN } }],
        };
        const files = [
          write(folder, 'a', JSON.stringify(contexts)),
          '',
          `${folder}/gone`,
          write(folder, 'b', JSON.stringify(clusters)),
        ];
        return await seen({ KUBECONFIG: files.join(':') });
      }),
  },
  {
    report: 4,
    have: 'two files of `KUBECONFIG` that give one name to two clusters',
    does: 'takes the first, with all of its entry: never the CA of one with the server of the other',
    made: 'API server: its kubeconfig before and after one that names another server',
    see: async () =>
      await inFolder(async (folder) => {
        const first = kubeconfig(folder, { token: TOKEN });
        const other = write(
          folder,
          'other',
          readFileSync(first, 'utf8').replaceAll(target, target.replace('127.0.0.1', '127.0.0.9')),
        );
        const line = await seen({ KUBECONFIG: `${first}:${other}` });
        expect(line).toContain(CLUSTER.server);
        expect(await refused({ KUBECONFIG: `${other}:${first}` })).toContain('ECONNREFUSED 127.0.0.9');
        return line;
      }),
  },
  {
    report: 4,
    have: 'a `--context` that is in no file',
    does: 'refuses, and lists the contexts that there are',
    made: 'process: the kubeconfig of the sandbox',
    see: async () => {
      const text = await refused({}, ['--context', 'production']);
      expect(text).toMatch(/there is no context production in the kubeconfig .*; it has sandbox$/);
      return text.replace(sandbox.folder, '…');
    },
  },
  {
    report: 4,
    have: '`KUBECONFIG` that names no file that is there',
    does: 'refuses: neither `~/.kube/config` nor the pod that it runs in is what was meant',
    made: 'process: two names of nothing',
    see: async () => {
      const text = await refused({ KUBECONFIG: '/nowhere/a:/nowhere/b', KUBERNETES_SERVICE_HOST: '10.0.0.1' });
      expect(text).toContain('none of the kubeconfigs /nowhere/a, /nowhere/b exists');
      return text;
    },
  },
];
