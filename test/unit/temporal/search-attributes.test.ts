import type { NativeConnection } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { ensureSearchAttributes } from '../../../src/temporal/search-attributes.js';

const refusal = (code: number, message: string) =>
  Object.assign(new Error(message), { code, details: '', metadata: {} });

interface Server {
  known?: string[];
  count?: Error;
  add?: Error;
  types?: Record<string, number>;
}

/** A server as far as a worker asks it for search attributes. */
function server({ known = [], count, add, types }: Server): { connection: NativeConnection; known: string[] } {
  const workflowService = {
    countWorkflowExecutions: async ({ query }: { query: string }) => {
      if (count) throw count;
      if (!known.some((name) => query.startsWith(`${name} =`))) throw refusal(3, `invalid query: ${query}`);
      return await Promise.resolve({ count: 0 });
    },
  };
  const operatorService = {
    addSearchAttributes: async ({ searchAttributes }: { searchAttributes: Record<string, number> }) => {
      if (add) throw add;
      known.push(...Object.keys(searchAttributes));
      return await Promise.resolve({});
    },
    listSearchAttributes: async () => {
      if (!types) throw refusal(7, 'Request unauthorized.');
      return await Promise.resolve({ customAttributes: types });
    },
  };
  return { connection: { workflowService, operatorService } as unknown as NativeConnection, known };
}

const OWN = { namespace: 'default', address: 'temporal.example.com:7233' };
const CLOUD = { namespace: 'prod.a1b2c', address: 'prod.a1b2c.tmprl.cloud:7233' };
const BOTH = ['RerootCluster', 'RerootPhase'];

describe('the search attributes of a Temporal namespace', () => {
  it('are left alone where they are, and added where they are missing', async () => {
    const there = server({ known: [...BOTH], add: new Error('nobody asked for that') });
    expect((await ensureSearchAttributes(there.connection, OWN)).absent).toBeUndefined();
    const { connection, known } = server({ known: ['RerootCluster'] });
    const added = await ensureSearchAttributes(connection, OWN);
    expect(added.absent).toBeUndefined();
    expect(known).toEqual(BOTH);
    expect(await added.known()).toBe(true);
  });
  it('are done without where Temporal Cloud lets nobody add them, with what does', async () => {
    const cloud = server({ add: refusal(7, 'Request unauthorized.') });
    const { absent, known } = await ensureSearchAttributes(cloud.connection, CLOUD);
    expect(absent).toContain('Request unauthorized.');
    expect(absent).toContain(
      'tcld namespace search-attributes add --namespace prod.a1b2c --search-attribute "RerootCluster=Keyword" --search-attribute "RerootPhase=Keyword"',
    );
    expect(await known()).toBe(false);
    cloud.known.push(...BOTH); // a person has added them meanwhile: the next rotation has them
    expect(await known()).toBe(true);
  });
  it.each([
    ['a server without the operator’s service', refusal(12, 'unknown service'), 'unknown service'],
    ['a store that is full', refusal(3, 'cannot have more than 10 search attribute of type Keyword'), 'more than 10'],
    ['a server that breaks over it', refusal(13, 'database is read-only'), 'read-only'],
  ])('are done without on %s', async (_what, add, words) => {
    const { absent } = await ensureSearchAttributes(server({ add }).connection, OWN);
    expect(absent).toContain(words);
    expect(absent).toContain(
      'temporal operator search-attribute create --namespace default --name RerootCluster --type Keyword',
    );
  });
  it('are done without where they are there with another type, which is named', async () => {
    const types = { RerootCluster: 2, RerootPhase: 3 };
    const odd = server({ known: [...BOTH], add: new Error('nobody asked for that'), types }); // a SQL store compares anything
    const { absent, known } = await ensureSearchAttributes(odd.connection, OWN);
    expect(absent).toContain('RerootPhase is Int');
    expect(await known()).toBe(false);
  });
  it('that another worker adds at this moment are there', async () => {
    const both = server({ add: refusal(6, 'already exists'), types: { RerootCluster: 2 } });
    expect((await ensureSearchAttributes(both.connection, OWN)).absent).toBeUndefined();
  });
  it('say nothing of a server that does not answer, or does not know the namespace', async () => {
    const count = refusal(5, 'Namespace default is not found.');
    await expect(ensureSearchAttributes(server({ count }).connection, OWN)).rejects.toBe(count);
  });
});
