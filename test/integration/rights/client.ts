import { KubeConfig } from '@kubernetes/client-node';
import { Agent, fetch } from 'undici';
import type { PatchOperation } from '../../../src/kubernetes/patch.js';

/** A request to the API server, as somebody with a token sends it. */
export interface Attempt {
  what: string;
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  body?: PatchOperation[] | object;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  message: string;
}

/** Sends requests as the user of a kubeconfig. */
export function client(kubeconfig: string): (attempt: Attempt, options?: { dryRun?: boolean }) => Promise<Answer> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  const ca = Buffer.from(cluster?.caData ?? '', 'base64');
  const dispatcher = new Agent({ connect: { ca } });
  const authorization = `Bearer ${config.getCurrentUser()?.token ?? ''}`;
  return async ({ method, path, body, headers }, { dryRun = false } = {}) => {
    const type = Array.isArray(body) ? 'application/json-patch+json' : 'application/json';
    const separator = path.includes('?') ? '&' : '?';
    const response = await fetch(`${cluster?.server ?? ''}${path}${dryRun ? `${separator}dryRun=All` : ''}`, {
      method,
      dispatcher,
      headers: { authorization, 'content-type': type, ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, message: messageOf(text) };
  };
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? '';
  } catch {
    return text;
  }
}

export function add(path: string, value: unknown): PatchOperation {
  return { op: 'add', path, value };
}

export function replace(path: string, value: unknown): PatchOperation {
  return { op: 'replace', path, value };
}

export const CORE = '/api/v1/namespaces';
export const LINKERD = `${CORE}/linkerd`;
