import { setTimeout as sleep } from 'node:timers/promises';
import { readClusterUid } from '../src/kubernetes/cluster.js';
import type { HelloResult } from '../src/rotation/payloads.js';
import type { Dependencies } from './kit/dependencies.js';

/** Milliseconds: the answer is that a worker is there, also where its API server does not answer. */
const PATIENCE_MS = 2000;

/** hello: which cluster the worker of this task queue works on. What keeps it from reading that, preflight says. */
export async function hello({ k8s }: Pick<Dependencies, 'k8s'>): Promise<HelloResult> {
  const unread = sleep(PATIENCE_MS, undefined, { ref: false });
  const clusterUid = await Promise.race([readClusterUid(k8s).catch(() => undefined), unread]);
  return { apiServer: k8s.server, ...(clusterUid ? { clusterUid } : {}) };
}
