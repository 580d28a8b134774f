import type { Finding } from '../findings.js';
import type { PreflightObservation } from './observation.js';

export function anotherWriter({ writers, waivers }: PreflightObservation): Finding[] {
  const reverting = writers.filter(({ reverts }) => reverts);
  return reverting.map(({ object, manager, will, certain, cure }) => {
    const name = waivableName(object);
    // a mark stays on an object when its writer has been stopped: that it has, a person says by a waiver
    const stopped = !certain && waivers.some(({ subject }) => subject === name);
    return {
      reason: 'AnotherWriter',
      severity: stopped ? 'warn' : 'block',
      message: [`${manager} writes it too and would revert or race the rotation`, ...will].join('; '),
      subject: { kind: 'object', name: object },
      hint: certain ? cure : `${cure}; when that is done, say so: \`waive\` ${name}`,
    };
  });
}

/** Field managers of the keys that matter of which nobody knows that they write by themselves. */
export function foreignFieldManager({ writers }: PreflightObservation): Finding[] {
  return writers
    .filter(({ reverts }) => !reverts)
    .map(({ object, manager, will, cure }) => ({
      reason: 'ForeignFieldManager',
      severity: 'warn',
      message: `${manager} writes it too: ${will.join('; ')}`,
      subject: { kind: 'object', name: object },
      hint: cure,
    }));
}

export function helmWouldRevert({ helmValues = [], linkerdNamespace }: PreflightObservation): Finding[] {
  if (helmValues.length === 0) return [];
  return [
    {
      reason: 'HelmValues',
      severity: 'warn',
      message: `installed by Helm: a \`helm upgrade\` with today's values (${helmValues.join(', ')}) would bring the old certificates back`,
      subject: { kind: 'cluster', name: linkerdNamespace },
      hint: 'no `helm upgrade` during the rotation, unless with the values that `reroot values` prints at that time; and before the next one afterwards, put those of the end into its values',
    },
  ];
}

/** `ConfigMap linkerd/name` as waivers name things: `linkerd/ConfigMap/name`. */
function waivableName(object: string): string {
  return object.replace(/^(\S+) ([^/]+)\//, '$2/$1/');
}
