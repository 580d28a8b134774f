import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { reroot, sandbox } from '../../integration/support.js';
import type { Row } from '../row.js';
import { front } from './front.js';
import { lastLine, onLaptop, preloading, worker } from './kit.js';

/** Temporal servers that are not reached, or not by these credentials. */

const NEVER_STARTED = 'never-started';

/** From when on the SDK's native code is loaded: there is none of a Mac here. */
const AS_A_MAC = `
  import os from 'node:os';
  const load = process.dlopen;
  process.dlopen = (...all) => {
    load(...all);
    os.platform = () => 'darwin';
    Object.defineProperty(process, 'platform', { value: 'darwin' });
  };`;

async function status(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stderr } = await reroot(['status', '--cluster', NEVER_STARTED], env);
  expect(code).toBe(1);
  return lastLine(stderr);
}

/** What a worker that does not start has said last. */
async function workerSays(env: NodeJS.ProcessEnv): Promise<string> {
  const started = worker(env);
  expect(await started.ended).toBe(1);
  return lastLine(started.said());
}

export const reachRows: readonly Row[] = [
  {
    report: 14,
    have: 'A Temporal server that asks for a client certificate (mTLS)',
    does: 'With `TEMPORAL_TLS_CLIENT_CERT_PATH` and `_KEY_PATH` all goes through; without, command line and worker name these variables',
    made: 'Temporal server: the real one behind TLS that takes client certificates of its own CA alone',
    see: async () => {
      const mtls = await front({ clientCertificate: true });
      const env = { ...mtls.trusting, TEMPORAL_ADDRESS: mtls.address };
      try {
        expect(await status({ ...env, ...mtls.certificate })).toContain(
          `there is no rotation trust-root-${NEVER_STARTED}`,
        );
        const said = await status(env);
        expect(said).toContain('wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH');
        expect(await workerSays(env)).toContain('wants a client certificate');
        return said;
      } finally {
        await mtls.close();
      }
    },
  },
  {
    report: 14,
    have: 'An API key that has ended, or is of another account',
    does: 'Command line and worker say that the server does not let them in, and which credentials they have shown',
    made: 'Temporal server: the real one behind TLS that asks for another API key',
    see: async () => {
      const cloud = await front({ apiKey: 'the-key' });
      const env = { ...cloud.trusting, TEMPORAL_ADDRESS: cloud.address, TEMPORAL_API_KEY: 'an-old-key' };
      try {
        const said = await status(env);
        expect(said).toContain('does not let us into namespace default');
        expect(said).toContain('the API key (TEMPORAL_API_KEY');
        expect(said).not.toContain('an-old-key');
        expect(await workerSays(env)).toContain('does not let us into namespace default');
        return said;
      } finally {
        await cloud.close();
      }
    },
  },
  {
    report: 14,
    have: 'TLS on one side alone: the server wants it and it is not configured, or the other way round; or a CA that is not known',
    does: 'Says which of these it is, and the variable that sets it right, instead of "failed to connect"',
    made: 'Temporal server: the real one with and without TLS before it',
    see: async () => {
      const cloud = await front();
      try {
        const plain = await status({ TEMPORAL_ADDRESS: cloud.address });
        expect(plain).toContain('wants TLS, and none is configured: set TEMPORAL_TLS=true');
        const tls = await status({ TEMPORAL_TLS: 'true' });
        expect(tls).toContain(`${sandbox.temporal.address} speaks no TLS`);
        const stranger = await workerSays({ TEMPORAL_ADDRESS: cloud.address, TEMPORAL_TLS: 'true' });
        expect(stranger).toMatch(/is not trusted \(\w+\): name its CA with TEMPORAL_TLS_SERVER_CA_CERT_PATH/);
        return `${plain}; ${stranger}`;
      } finally {
        await cloud.close();
      }
    },
  },
  {
    report: 14,
    have: 'A Temporal namespace that does not exist, or is misspelt',
    does: 'Command line and worker name it, the variable it comes from, and the command that makes it',
    made: 'Temporal server: a namespace that nobody has made',
    sample: true,
    see: async () => {
      const env = { TEMPORAL_NAMESPACE: 'no-such-namespace' };
      const said = await status(env);
      expect(said).toContain('has no namespace no-such-namespace (TEMPORAL_NAMESPACE, or the profile)');
      expect(await workerSays(env)).toContain('has no namespace no-such-namespace');
      return said;
    },
  },
  {
    report: 16,
    have: "Temporal's profile on a Mac: `~/Library/Application Support/temporalio/temporal.toml`",
    does: 'Its server is used, as by the Temporal CLI; no embedded one is started',
    made: 'process: the command line on a platform that says it is `darwin`, with such a file that names the real server',
    sample: true,
    see: async () =>
      await onLaptop(async ({ folder, env, files }) => {
        const where = path.join(folder, 'Library', 'Application Support', 'temporalio');
        mkdirSync(where, { recursive: true });
        writeFileSync(
          path.join(where, 'temporal.toml'),
          `[profile.default]\naddress = "${sandbox.temporal.address}"\n`,
        );
        const mac = preloading(folder, AS_A_MAC);
        const said = await status({ ...env, ...mac });
        expect(said).toContain(`there is no rotation trust-root-${NEVER_STARTED} on ${sandbox.temporal.address}`);
        expect(await status(env)).toContain('it starts one'); // this machine is no Mac
        expect(files.folder).toContain(folder);
        return said;
      }),
  },
  {
    report: 'issue 12',
    have: 'An API key or a namespace in the environment, and no address of the server that they are of',
    does: 'Refuses to start an embedded server in its place, and names the variables',
    made: 'process: `TEMPORAL_API_KEY` and `TEMPORAL_NAMESPACE` set, `TEMPORAL_ADDRESS` not',
    see: async () =>
      await onLaptop(async (laptop) => {
        const { code, stderr } = await laptop.reroot(['rotate'], {
          TEMPORAL_API_KEY: 'k',
          TEMPORAL_NAMESPACE: 'prod.a1b2c',
        });
        expect(code).toBe(2);
        expect(stderr).toContain('TEMPORAL_API_KEY, TEMPORAL_NAMESPACE in the environment, and no TEMPORAL_ADDRESS');
        return lastLine(stderr);
      }),
  },
];
