import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { Kubernetes } from '../../src/kubernetes/client.js';
import { isKubernetesError } from '../../src/kubernetes/errors.js';
import type { KubernetesObject } from '../cluster/objects.js';
import { tool, type ToolName } from '../cluster/processes.js';

interface Definition extends KubernetesObject {
  spec: { group: string; names: { plural: string }; versions: { name: string }[] };
}

const POLL_MS = 100;

/** As an untyped object: the typed one of the client loses every `x-kubernetes-…` of a schema. */
const DEFINITIONS = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };

/** Creates the resources of a program, and waits until the API server serves them. */
export async function createDefinitions(k8s: Kubernetes, program: ToolName): Promise<void> {
  const definitions = definitionsOf(program);
  for (const body of definitions) await k8s.custom.createClusterCustomObject({ ...DEFINITIONS, body });
  for (const definition of definitions) while (!(await isServed(k8s, definition))) await sleep(POLL_MS);
}

/** The build of a program puts them beside it (scripts/tools.mjs). */
function definitionsOf(program: ToolName): Definition[] {
  const folder = path.join(path.dirname(tool(program)), 'crds');
  return readdirSync(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(folder, file), 'utf8'))
      .map((document) => document.toJS() as Definition | null)
      .filter((definition) => definition !== null),
  );
}

async function isServed(k8s: Kubernetes, { spec: { group, names, versions } }: Definition): Promise<boolean> {
  const [version] = versions;
  try {
    const { resources } = await k8s.custom.getAPIResources({ group, version: version?.name ?? '' });
    return resources.some(({ name }) => name === names.plural);
  } catch (error) {
    if (isKubernetesError(error, 'NotFound')) return false;
    throw error;
  }
}
