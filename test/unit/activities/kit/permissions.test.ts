import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { neededPermissions } from '../../../../activities/kit/permissions.js';
import { formatPermission, type Permission } from '../../../../src/kubernetes/permissions.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { LAYOUTS } from '../../../../src/linkerd/layouts/index.js';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

const file = path.resolve(import.meta.dirname, '../../../../deploy/rbac.yaml');
const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Granting);
const rulesOf = (kind: string) => documents.find((document) => document.kind === kind)?.rules ?? [];

interface Granting {
  kind: string;
  rules?: Rule[];
}

function isGranted({ verb, group, resource, subresource, namespace, name }: Permission): boolean {
  const wanted = subresource ? `${resource}/${subresource}` : resource;
  const rules = namespace === undefined ? rulesOf('ClusterRole') : [...rulesOf('ClusterRole'), ...rulesOf('Role')];
  return rules.some(
    ({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.includes(group) &&
      resources.includes(wanted) &&
      verbs.includes(verb) &&
      (resourceNames === undefined || (name !== undefined && resourceNames.includes(name))),
  );
}

it.each(LAYOUTS.map(({ id, anchors }) => [id, anchors] as const))(
  'deploy/rbac.yaml grants all that a rotation needs with layout %s',
  (_id, anchors) => {
    const linkerd = { namespace: 'linkerd', anchors } as Linkerd;
    const needed = neededPermissions(linkerd, { reach: 'port-forward', deletePods: true, rollouts: true });
    expect(needed.filter((permission) => !isGranted(permission)).map(formatPermission)).toEqual([]);
  },
);
