import { expect } from 'vitest';
import { reroot } from '../../integration/support.js';
import type { Row } from '../row.js';
import { front } from './front.js';
import { INT, KEYWORD, lastLine, ownNamespace, type Namespace, REFUSED, WHOLE, withWorker } from './kit.js';

/** Temporal namespaces whose search attributes a worker cannot add. */

const WITHOUT = 'Rotations go on without them';

/** How many of a type a SQL store takes. */
const MOST_KEYWORDS = 10;

async function attributesOf({ client }: Namespace): Promise<string[]> {
  const { searchAttributes } = await client.workflow.getHandle('trust-root-default').describe();
  return Object.keys(searchAttributes).filter((name) => name.startsWith('Reroot'));
}

/** It was refused by preflight, as it should be: it has not stopped at a search attribute. */
async function expectRefused(env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await reroot(REFUSED, env);
  expect(stderr).toContain('PreflightFailed');
  expect(code).toBe(2);
}

export const attributeRows: readonly Row[] = [
  {
    report: 14,
    have: 'Temporal Cloud: TLS, an API key, and nobody may add search attributes',
    does: 'The worker starts without them and says which command adds them; rotations set none',
    made: "Temporal server: the real one behind TLS that asks for an API key and refuses the operator's service",
    sample: true,
    see: async () => {
      const cloud = await front({ apiKey: 'the-key' });
      const own = await ownNamespace();
      const env = { ...own.env, ...cloud.trusting, TEMPORAL_ADDRESS: cloud.address, TEMPORAL_API_KEY: 'the-key' };
      try {
        return await withWorker(env, async (worker) => {
          const said = await worker.line(WITHOUT);
          expect(said).toContain('Request unauthorized.');
          expect(cloud.refused()).toBeGreaterThan(0);
          await expectRefused(env);
          expect(await attributesOf(own)).toEqual([]);
          return said;
        });
      } finally {
        await cloud.close();
      }
    },
  },
  {
    report: 14,
    have: 'Search attributes that somebody adds later, by hand',
    does: 'The next rotation sets them; the worker need not start again',
    made: "Temporal server: the operator's service refused to the worker, and the attributes added past it",
    see: async () => {
      const cloud = await front();
      const own = await ownNamespace();
      const env = { ...own.env, ...cloud.trusting, TEMPORAL_ADDRESS: cloud.address };
      try {
        return await withWorker(env, async (worker) => {
          await worker.line(WITHOUT);
          await expectRefused(env);
          expect(await attributesOf(own)).toEqual([]);
          await own.add({ RerootCluster: KEYWORD, RerootPhase: KEYWORD });
          await expectRefused(env);
          const found = await attributesOf(own);
          expect(found).toEqual(['RerootCluster', 'RerootPhase']);
          return `the rotation after that has ${found.join(' and ')}`;
        });
      } finally {
        await cloud.close();
      }
    },
  },
  {
    report: 14,
    have: 'A SQL visibility store that is full: ten Keyword attributes are all that it takes',
    does: 'The worker says so, in the words of the server; a whole rotation goes through without them',
    made: 'Temporal server: a namespace with ten Keyword attributes, and a rotation from beginning to end',
    see: async () => {
      const full = await ownNamespace();
      const names = Array.from({ length: MOST_KEYWORDS }, (_, index) => `Mine${index}`);
      await full.add(Object.fromEntries(names.map((name) => [name, KEYWORD])));
      return await withWorker(full.env, async (worker) => {
        const said = await worker.line(WITHOUT);
        expect(said).toContain('cannot have more than 10 search attribute of type Keyword');
        const { code, stdout, stderr } = await reroot(WHOLE, full.env);
        expect(code, stderr).toBe(0);
        expect(await attributesOf(full)).toEqual([]);
        return `${said}. ${lastLine(stdout)}`;
      });
    },
  },
  {
    report: 14,
    have: 'Search attributes of these names that are of another type',
    does: 'The worker names the type and goes on without them: a workflow that sets one would hang',
    made: 'Temporal server: a namespace whose `RerootPhase` is an Int',
    see: async () => {
      const odd = await ownNamespace();
      await odd.add({ RerootPhase: INT });
      return await withWorker(odd.env, async (worker) => {
        const said = await worker.line(WITHOUT);
        expect(said).toContain('RerootPhase is Int');
        await expectRefused(odd.env);
        return said;
      });
    },
  },
];
