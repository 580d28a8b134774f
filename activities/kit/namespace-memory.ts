import type { Workload } from '../../src/kubernetes/workload.js';
import type { UndoneRolls } from '../../src/rotation/rollout-payloads.js';
import type { Refusal } from '../../src/rotation/evictions.js';

/** What one activity remembers of a namespace from look to look. All of it may be lost: it is only about how long and how often. */
export interface NamespaceMemory {
  /** Rolls and evictions that were refused, by workload. */
  refused: Map<string, Refusal>;
  /** Workloads that have lost a pod by eviction, and how many proxies each had before. */
  evicted: Map<string, number>;
  /** How many pods of a workload this activity has evicted. */
  evictions: Map<string, number>;
  /** What this activity has rolled: a mark that somebody takes off again is no reason to roll once more. */
  rolled: Map<string, Pick<Workload, 'mark' | 'markedAt'>>;
  /** Uids of the proxies that the first look has seen. */
  atFirst?: Set<string>;
  /** Workloads whose template has the proxy in it: their pods say nothing of the injector. */
  byTemplate: Set<string>;
  /** A pod that was made since has come out right. */
  proven?: boolean;
  /** Notes that something holds now. */
  hold(what: string): void;
  /** ISO 8601: since when something has held at each look; absent when it did not at the last. */
  heldSince(what: string): string | undefined;
  /** Begins the next look: what is not held anew by its end is forgotten. */
  lookAgain(): void;
}

/** `undone`: rolls of this phase that others have found without a trace. */
export function namespaceMemory(undone: UndoneRolls = {}, now: () => Date = () => new Date()): NamespaceMemory {
  let before = new Map<string, string>();
  let current = new Map<string, string>();
  return {
    refused: new Map(),
    evicted: new Map(),
    evictions: new Map(),
    rolled: new Map(Object.entries(undone).map(([name, mark]) => [name, { mark }])),
    byTemplate: new Set(),
    hold: (what) => void current.set(what, before.get(what) ?? now().toISOString()),
    heldSince: (what) => before.get(what),
    lookAgain() {
      before = current;
      current = new Map();
    },
  };
}
