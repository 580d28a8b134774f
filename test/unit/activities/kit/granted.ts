import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Permission } from '../../../../src/kubernetes/permissions.js';

/** The roles of deploy/rbac, by file. */

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

interface Role {
  kind: string;
  metadata: { namespace?: string };
  rules?: Rule[];
}

const folder = path.resolve(import.meta.dirname, '../../../../deploy/rbac');
export const files = new Map(
  readdirSync(folder).map((file) => {
    const documents = parseAllDocuments(readFileSync(path.join(folder, file), 'utf8'));
    return [`deploy/rbac/${file}`, documents.map((document) => document.toJS() as Role)];
  }),
);

/** Whether the file that a permission names grants it. */
export function isGranted({ verb, group, resource, subresource, namespace, name, file }: Permission): boolean {
  const wanted = subresource ? `${resource}/${subresource}` : resource;
  const roles = (files.get(file) ?? []).filter(
    ({ kind, metadata }) => kind === 'ClusterRole' || (kind === 'Role' && metadata.namespace === namespace),
  );
  return roles
    .flatMap(({ rules = [] }) => rules)
    .some(
      ({ apiGroups, resources, verbs, resourceNames }) =>
        apiGroups.includes(group) &&
        resources.includes(wanted) &&
        verbs.includes(verb) &&
        (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
    );
}
