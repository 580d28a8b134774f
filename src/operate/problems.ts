import { ServiceError } from '@temporalio/client';
import { LONGEST_SAYING, plain } from '../ground/plain.js';
import { StateError } from '../ground/state-error.js';
import { isKubernetesError } from '../kubernetes/errors.js';

/** What could not be read, one sentence a part: a look goes on without it. */
export interface Problems {
  /** @returns undefined when it failed, and then why is among the problems until it succeeds */
  attempt<T>(part: string, work: () => Promise<T>): Promise<T | undefined>;
  /** @param sentence absent: there is no such problem (any more) */
  say(part: string, sentence?: string): void;
  all(): string[];
}

export function problemList(): Problems {
  const said = new Map<string, string>();
  const say = (part: string, sentence?: string) => {
    if (sentence === undefined) said.delete(part);
    else said.set(part, sentence);
  };
  return {
    attempt: async (part, work) => {
      try {
        const result = await work();
        say(part);
        return result;
      } catch (error) {
        say(part, `${part} cannot be read: ${reasonOf(error)}`);
        return undefined;
      }
    },
    say,
    all: () => [...said.values()],
  };
}

/** In words that quote nothing of what was read: any other error may. */
export function reasonOf(error: unknown): string {
  if (error instanceof ServiceError) return plain(`${error.message}${causeOf(error)}`, LONGEST_SAYING);
  if (isKubernetesError(error) || error instanceof StateError) return plain(error.message, LONGEST_SAYING);
  return error instanceof Error ? error.name : 'unknown error';
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}
