import { ServiceError, type WorkflowHandle } from '@temporalio/client';

/** An error as gRPC makes them. */
export function grpcError(code: number): ServiceError {
  return new ServiceError('no', { cause: Object.assign(new Error('no'), { code, details: 'no', metadata: {} }) });
}

export const UNAVAILABLE = grpcError(14);
export const DEADLINE_EXCEEDED = grpcError(4);

export const RUNNING_STATUS = { outcome: 'running', phase: 'trust', namespaces: [], phases: [], waivers: [] };

/** Status names of an execution, or what the server says instead; the last for ever. */
export type Looks = (Error | string)[];

interface Answers {
  query?: () => Promise<unknown>;
  result?: () => Promise<unknown>;
}

/** The handle of a rotation: `looks` are what describing it says, one after another. */
export function handleOf(looks: Looks, { query, result }: Answers = {}): WorkflowHandle {
  const queue = [...looks];
  const next = (): Error | string => (queue.length > 1 ? queue.shift() : queue[0]) ?? '';
  return {
    workflowId: 'trust-root-prod',
    client: { connection: { withDeadline: async (_: number, ask: () => Promise<unknown>) => await ask() } },
    describe: async () => {
      const said = next();
      if (said instanceof Error) throw said;
      const [startTime, type] = [new Date('2026-01-01T10:00:00Z'), 'rotateTrustRoot'];
      const known = { workflowId: 'trust-root-prod', runId: 'run', startTime, type };
      return { ...known, status: { name: said }, searchAttributes: { RerootPhase: ['trust'] }, raw: {} };
    },
    query: query ?? (async () => ({ ...RUNNING_STATUS })),
    result,
  } as unknown as WorkflowHandle;
}
