import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import pMap from 'p-map';
import { stringify } from 'yaml';
import { preflight } from '../../activities/preflight.js';
import { createObjects, type KubernetesObject } from '../../sandbox/kit/index.js';
import type { SandboxFacts } from '../../sandbox/facts.js';
import { createKubernetes } from '../../src/kubernetes/client.js';
import type { Reach } from '../../src/linkerd/proxies/reach.js';
import { readInput, type RotationInput } from '../../src/rotation/input.js';
import { type Grant, grantsIn, isRole, type Role, textOf } from './chart-grants.js';

/** What preflight says to somebody who has all rights of the chart but one verb of one rule: for each of them. */

export interface Place {
  sandbox: SandboxFacts;
  /** As the chart renders them. */
  objects: readonly KubernetesObject[];
  input: RotationInput;
  reach: Reach;
}

/** Of a preflight: rights that it misses, everything else that blocks, and rights that it does without. */
export interface Said {
  missing: string[];
  blocking: string[];
  without: string[];
}

/** A user with rights of its own. */
interface User {
  name: string;
  groups: string[];
}

const AT_A_TIME = 8;

/** What may not be done, and is done without. That a policy is not about these users, who are none of reroot's, is another matter. */
function isWithout({ reason, message }: { reason: string; message: string }): boolean {
  return (
    reason === 'OptionalPermissionMissing' ||
    (reason === 'AdmissionPolicyAbsent' && message.endsWith('may not be read'))
  );
}

/** @returns what is said without each right, by `textOf` it; and with all of them */
export async function withoutEach(place: Place): Promise<{ all: Said; without: Map<string, Said> }> {
  const roles = place.objects.filter(isRole);
  await createObjects(
    place.sandbox.adminKubeconfig,
    roles.flatMap((role) => granted(role, groupOf(role), grantsIn(role))),
  );
  const everything = roles.map(groupOf);
  const cases = roles.flatMap((role) => grantsIn(role).map((grant) => ({ role, grant })));
  const without = new Map<string, Said>();
  await pMap(
    cases,
    async ({ role, grant }, index) => {
      const name = `less-${index}`;
      const rest = grantsIn(role).filter((other) => textOf(other) !== textOf(grant));
      await createObjects(place.sandbox.adminKubeconfig, granted(role, name, rest));
      const groups = [...everything.filter((group) => group !== groupOf(role)), name];
      without.set(textOf(grant), await said(place, { name, groups }));
    },
    { concurrency: AT_A_TIME },
  );
  return { all: await said(place, { name: 'all', groups: everything }), without };
}

/** As `formatPermission` says it. */
export function sentenceOf({ verb, group, resource, name, scope }: Grant): string {
  const what = `${verb} ${resource}${group ? `.${group}` : ''}${name === '*' ? '' : ` "${name}"`}`;
  return `${what} ${scope === '*' ? 'in all namespaces' : `in namespace ${scope}`}`;
}

function groupOf({ kind, metadata }: Role): string {
  return `rights-${kind}-${metadata.namespace ?? ''}-${metadata.name}`.toLowerCase();
}

/** Such a role, with these rights alone, for a group of its name. */
function granted(role: Role, name: string, grants: readonly Grant[]): KubernetesObject[] {
  const { apiVersion, kind } = role;
  const metadata = { name, ...(role.metadata.namespace ? { namespace: role.metadata.namespace } : {}) };
  const rules = grants.map(({ group, resource, name: only, verb }) => ({
    ...{ apiGroups: [group], resources: [resource], verbs: [verb] },
    ...(only === '*' ? {} : { resourceNames: [only] }),
  }));
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion, kind, metadata, rules },
    {
      ...{ apiVersion, kind: `${kind}Binding`, metadata, roleRef: { apiGroup, kind, name } },
      subjects: [{ kind: 'Group', apiGroup, name }],
    },
  ];
}

async function said({ sandbox, input, reach }: Place, user: User): Promise<Said> {
  const k8s = createKubernetes({ kubeconfig: impersonating(sandbox, user), requestsPerSecond: 500 });
  const request = readInput(input);
  if (!request.ok) throw new Error(request.problems.join('; '));
  const prober = { reach, concurrency: 16, timeoutMs: 5000 };
  const looked = preflight({ k8s, prober, temporalAddress: '' }, request);
  const { findings } = await looked.catch((error: Error) => ({
    findings: [{ severity: 'block', reason: 'it failed', message: error.message }],
  }));
  const block = findings.filter(({ severity }) => severity === 'block');
  const missing = block.filter(({ reason }) => reason === 'PermissionMissing');
  const without = findings.filter(isWithout);
  return {
    missing: missing.map(({ message }) => message.replace(/^reroot may not (.*); needed for: .*$/, '$1')),
    blocking: block
      .filter((finding) => !missing.includes(finding))
      .map(({ reason, message }) => `${reason} ${message}`),
    without: without.map(({ message }) => message),
  };
}

/** The admin, acting as somebody who has the rights of these groups and no others. */
function impersonating({ adminKubeconfig }: SandboxFacts, { name, groups }: User): string {
  const config = new KubeConfig();
  config.loadFromFile(adminKubeconfig);
  const { server, caData } = config.getCurrentCluster() ?? {};
  const user = { token: config.getCurrentUser()?.token, as: name, 'as-groups': groups };
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'reroot-less-')), 'kubeconfig');
  const text = stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'less' },
    clusters: [{ name: 'less', cluster: { server, 'certificate-authority-data': caData } }],
    users: [{ name: 'less', user }],
    contexts: [{ name: 'less', context: { cluster: 'less', user: 'less' } }],
  });
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
