import type { Subject } from '../findings.js';

/** What preflight's findings are about, named as people name it. */

export const CLUSTER: Subject = { kind: 'cluster', name: 'cluster' };
export const INJECTOR: Subject = { kind: 'cluster', name: 'linkerd-proxy-injector' };

export function issuerSecret(linkerdNamespace: string): Subject {
  return { kind: 'object', name: `Secret ${linkerdNamespace}/linkerd-identity-issuer` };
}

export function rotationSecret(linkerdNamespace: string): Subject {
  return { kind: 'object', name: `Secret ${linkerdNamespace}/reroot-rotation` };
}
