import { type Finding, isWaivedObject, waivableObject } from '../findings.js';
import type { Owned } from '../owners.js';
import type { PreflightObservation, WriterFacts } from './observation.js';
import { isMaker } from './owners.js';

/** Controllers that write what reroot is to write, or what cert-manager is driven to write. */
export function anotherWriter(observation: PreflightObservation): Finding[] {
  const { waivers } = observation;
  return contested(observation).map(({ object, manager, will, certain, cure }) => {
    // a mark stays on an object when its writer has been stopped: that it has, a person says by a waiver
    const stopped = !certain && isWaivedObject(object, waivers);
    return {
      reason: 'AnotherWriter',
      severity: stopped ? 'warn' : 'block',
      message: [`${manager} writes it too and would revert or race the rotation`, ...will].join('; '),
      subject: { kind: 'object', name: object },
      hint: certain ? cure : `${cure}; when that is done, say so: \`waive\` ${waivableObject(object)}`,
    };
  });
}

function contested({ writers, owners, certManager }: PreflightObservation): WriterFacts[] {
  return writers.filter((writer) => {
    const { kind } = owners[writer.of];
    if (!writer.reverts) return false;
    // to renew the root for a new one would set it off
    if (writer.drives && owners.issuer.kind === 'certManager') return true;
    return kind === 'reroot' || (kind === 'certManager' && !isMaker(writer, certManager));
  });
}

/** What is somebody else's to write: that a rotation waits for them is known before it begins. */
export function handOff({ course, owners, writers, linkerdNamespace }: PreflightObservation): Finding[] {
  const changed: Owned[] = course.replaces === 'root' ? ['bundle', 'issuer'] : ['issuer'];
  return changed.flatMap((owned) => {
    const { kind, who = 'whoever writes it' } = owners[owned];
    if (kind !== 'handOff') return [];
    const theirs = writers.filter(({ of, reverts }) => of === owned && reverts);
    return [
      {
        reason: 'HandOff',
        severity: 'warn',
        message: [
          `the ${owned} is handed off to ${who}: the rotation does not write it, but shows what has to be there, and waits until it is`,
          ...new Set(theirs.flatMap(({ will }) => will)),
        ].join('; '),
        subject: { kind: 'object', name: theirs[0]?.object ?? usualObject(owned, linkerdNamespace) },
        hint: handOffHint(owned, theirs),
      } satisfies Finding,
    ];
  });
}

function handOffHint(owned: Owned, theirs: readonly WriterFacts[]): string {
  const byHand = `\`reroot status\` has it in each phase, for whoever writes the ${owned}`;
  const [marked] = theirs.filter(({ certain }) => !certain);
  if (!marked) return byHand;
  const { cure, object } = marked;
  return `${byHand}. Or have reroot write it: ${cure}; when that is done, say so: \`waive\` ${waivableObject(object)}`;
}

const USUAL: Record<Owned, string> = { bundle: 'ConfigMap', issuer: 'Secret' };
const NAMES: Record<Owned, string> = { bundle: 'linkerd-identity-trust-roots', issuer: 'linkerd-identity-issuer' };

function usualObject(owned: Owned, namespace: string): string {
  return `${USUAL[owned]} ${namespace}/${NAMES[owned]}`;
}

/** Field managers of the keys that matter of which nobody knows that they write by themselves. */
export function foreignFieldManager({ writers, owners, certManager }: PreflightObservation): Finding[] {
  return writers
    .filter((writer) => !writer.reverts && owners[writer.of].kind !== 'handOff')
    .filter((writer) => owners[writer.of].kind === 'reroot' || !isMaker(writer, certManager))
    .map(({ object, manager, will, cure }) => ({
      reason: 'ForeignFieldManager',
      severity: 'warn',
      message: `${manager} writes it too: ${will.join('; ')}`,
      subject: { kind: 'object', name: object },
      hint: cure,
    }));
}

export function helmWouldRevert({ helmValues = [], linkerdNamespace, owners }: PreflightObservation): Finding[] {
  const writesNothing = owners.bundle.kind !== 'reroot' && owners.issuer.kind !== 'reroot';
  if (helmValues.length === 0 || writesNothing) return [];
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
