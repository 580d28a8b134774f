import type { Kubernetes } from '../kubernetes/client.js';
import { ifThere } from '../kubernetes/errors.js';
import { FIELD_MANAGER } from '../kubernetes/own-names.js';
import { pointer, unchanged, withFreshRead } from '../kubernetes/patch.js';
import { EVIDENCE_CONFIGMAPS } from './names.js';
import { type OwnObject, writeOwnObject } from './own-object.js';

/** The ConfigMaps beside the report, each with a piece of the evidence. */

const KEY = 'evidence';

/** A ConfigMap with one piece of the evidence. */
export function evidenceObject(index: number, text: string): OwnObject {
  return { kind: 'ConfigMap', name: EVIDENCE_CONFIGMAPS[index] ?? '', data: { [KEY]: text } };
}

/**
 * Puts the pieces in place of those of an earlier rotation, in order.
 * @throws RecordError `ObjectAbsent`
 */
export async function writeEvidence(k8s: Kubernetes, namespace: string, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) await writeOwnObject(k8s, namespace, evidenceObject(index, text));
}

/** Empties those of an earlier rotation that hold nothing of this one's; one that is not there is empty. */
export async function emptyEvidence(k8s: Kubernetes, namespace: string, from: number): Promise<void> {
  for (const name of EVIDENCE_CONFIGMAPS.slice(from)) await emptied(k8s, { name, namespace });
}

async function emptied({ core }: Kubernetes, named: { name: string; namespace: string }): Promise<void> {
  await withFreshRead(async () => {
    const found = await ifThere(core.readNamespacedConfigMap(named));
    if (!found?.data || Object.keys(found.data).length === 0) return;
    await core.patchNamespacedConfigMap({
      ...named,
      body: [unchanged(found.metadata), { op: 'add', path: pointer('data'), value: {} }],
      fieldManager: FIELD_MANAGER,
    });
  });
}

/** One piece; undefined: it is not there. */
export async function readEvidence(
  { core }: Kubernetes,
  namespace: string,
  index: number,
): Promise<string | undefined> {
  const name = EVIDENCE_CONFIGMAPS[index];
  if (name === undefined) return undefined;
  return (await ifThere(core.readNamespacedConfigMap({ name, namespace })))?.data?.[KEY];
}
