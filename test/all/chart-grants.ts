import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject, Values } from '../../sandbox/kit/index.js';

/** What a set of Roles and ClusterRoles grants, in single grants that can be compared. */

export interface Grant {
  /** A namespace, or `*`. */
  scope: string;
  group: string;
  resource: string;
  /** `*`: any. */
  name: string;
  verb: string;
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

export interface Role extends KubernetesObject {
  rules: Rule[];
}

export function isRole(object: KubernetesObject): object is Role {
  return object.kind === 'Role' || object.kind === 'ClusterRole';
}

/** Sorted, and each once. */
export function grantsOf(objects: readonly KubernetesObject[]): string[] {
  const all = objects.filter(isRole).flatMap(grantsIn);
  return [...new Set(all.map(textOf))].toSorted();
}

export function textOf({ scope, group, resource, name, verb }: Grant): string {
  return `${scope}: ${verb} ${group}/${resource}/${name}`;
}

/** By the last word of the Role's name. */
export function dutiesOf(objects: readonly KubernetesObject[]): Record<string, Grant[]> {
  const duties: Record<string, Grant[]> = {};
  for (const role of objects.filter(isRole)) {
    const duty = role.metadata.name.split('-').at(-1) ?? '';
    duties[duty] = [...(duties[duty] ?? []), ...grantsIn(role)];
  }
  return duties;
}

export function grantsIn({ metadata, rules }: Role): Grant[] {
  const scope = metadata.namespace ?? '*';
  return rules.flatMap(({ apiGroups, resources, resourceNames = ['*'], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => ({ scope, group, resource, name, verb }))),
      ),
    ),
  );
}

/** Values of the chart, and what somebody with the same case does who applies deploy/rbac (docs/permissions.md). */
export interface Choice {
  values: Values;
  /** Of deploy/rbac. */
  files: readonly string[];
  /** What the comments of these files say that may be taken out. */
  without?: readonly string[];
}

const OF_BUNDLE = 'linkerd: patch /configmaps/linkerd-identity-trust-roots';
const OF_ISSUER = 'linkerd: patch /secrets/linkerd-identity-issuer';
const DRIVEN = ['core', 'cert-manager', 'cert-manager-renew'];

export const CHOICES: Record<string, Choice> = {
  'as it comes': { values: {}, files: ['core'] },
  'cert-manager is there': { values: { certManager: { installed: true } }, files: ['core', 'cert-manager'] },
  'cert-manager makes the issuer': { values: { owners: { issuer: 'certManager' } }, files: DRIVEN },
  'cert-manager makes both': {
    values: { owners: { bundle: 'certManager', issuer: 'certManager' } },
    files: DRIVEN,
    without: [OF_BUNDLE],
  },
  'the bundle is handed off': { values: { owners: { bundle: 'handOff' } }, files: ['core'], without: [OF_BUNDLE] },
  'the issuer is handed off': { values: { owners: { issuer: 'handOff' } }, files: ['core'], without: [OF_ISSUER] },
  'both are handed off': {
    values: { owners: { bundle: 'handOff', issuer: 'handOff' } },
    files: ['core'],
    without: [OF_BUNDLE, OF_ISSUER],
  },
  everything: {
    values: {
      owners: { issuer: 'certManager' },
      rights: { eviction: true, portForward: true, rollouts: true, buoyant: true },
    },
    files: [...DRIVEN, 'eviction', 'port-forward', 'rollouts', 'buoyant'],
  },
};

export function expectedGrants({ files, without = [] }: Choice): string[] {
  const folder = path.resolve(import.meta.dirname, '../../deploy/rbac');
  const events = existsSync(path.join(folder, 'events.yaml')) ? ['events'] : [];
  const objects = [...files, ...events].flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(folder, `${file}.yaml`), 'utf8')).map(
      (document) => document.toJS() as KubernetesObject,
    ),
  );
  return grantsOf(objects).filter((grant) => !without.includes(grant));
}
