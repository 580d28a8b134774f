import { type Member, memberName } from '../ground/mesh.js';
import { plain } from '../ground/plain.js';
import type { Course, Row } from './courses/course.js';
import { type Finding, isWaived, opening, type Waiver } from './findings.js';
import type { GatedPhase } from './phases.js';

/**
 * What is in the mesh and has proxies that reroot cannot see: VMs, and other clusters. A person says of each that it is taken
 * care of, by a waiver, before a write that would shut it out. Pure.
 */

/** VMs that a message names. */
const NAMED = 10;

/**
 * The row whose first write depends on what these members trust, if it comes after the gate of a phase: from then on leaves
 * are under the new root alone, or the old one leaves the bundle. Past the prune there is nothing left to hold.
 */
export function heldWrite({ rows, replaces, strategy }: Course, phase: GatedPhase): Row | undefined {
  if (replaces !== 'root' || strategy === 'abort') return undefined;
  const row = rows.find((candidate) => candidate.phase === phase);
  const next = rows.find(({ first }) => first === phase);
  // after an expiry identity has been given that issuer already: nobody could talk to anybody before
  return row?.retired || row?.identityFirst === next?.phase ? undefined : next;
}

/** The gates at which a course holds for them. */
export function heldPhases(course: Course): GatedPhase[] {
  return course.rows.map(({ phase }) => phase).filter((phase) => heldWrite(course, phase) !== undefined);
}

/** Those of which nobody has said that they are taken care of. Other clusters are waived by the name of Link or gateway alone. */
export function unconfirmed(members: readonly Member[], waivers: readonly Waiver[]): Member[] {
  return members.filter((member) => {
    const name = memberName(member);
    if (member.kind !== 'ExternalWorkload') return !waivers.some(({ subject }) => subject === name);
    return !isWaived({ kind: 'workload', name }, waivers);
  });
}

/** The same for a whole course: those of which a word is missing at one of its gates. */
export function unseenIn(course: Course, members: readonly Member[], waivers: readonly Waiver[]): Member[] {
  const left = heldPhases(course).map((phase) =>
    unconfirmed(members, opening(waivers, { phase, direction: 'forward' })),
  );
  return members.filter((member) => left.some((some) => some.includes(member)));
}

/** One finding for each, at the gate before the write that is held. */
export function heldFor(members: readonly Member[], { phase, write }: { phase: GatedPhase; write: Row }): Finding[] {
  const prunes = write.writes.includes('dropRetired');
  const before = prunes ? 'the old root leaves the bundle' : 'leaves come from the new issuer alone';
  const wanted = prunes ? 'trust the new root, and present leaves that verify with it' : 'trust the new root';
  return members.map((member) => ({
    ...reasonOf(member),
    severity: 'block',
    message: `${whatOf(member)}: reroot cannot see its proxies; they have to ${wanted} before ${before}`,
    hint: `make sure that they do, then say so: \`reroot waive ${memberName(member)} --gate ${phase}\``,
  }));
}

/** What preflight says of them: VMs together, each other cluster by itself. */
export function membersFound(members: readonly Member[], held: readonly GatedPhase[]): Finding[] {
  const until = `until then the rotation waits, at the gate of ${held.join(' and of ')}`;
  const vms = members.filter(({ kind }) => kind === 'ExternalWorkload');
  const links = members.filter(({ kind }) => kind !== 'ExternalWorkload');
  const [first] = vms;
  return [
    ...(first ? [vmsFound(vms, { ...reasonOf(first), until })] : []),
    ...links.map((link): Finding => ({
      ...reasonOf(link),
      severity: 'warn',
      message: `${whatOf(link)}: if they share a root, the proxies there have to trust the new root too, and only you can tell`,
      hint: `add the new root to the bundle there once it is made, restart the proxies, and say so by \`waive\` ${memberName(link)}; ${until}. Where the roots are others, \`waive\` it now`,
    })),
  ];
}

function vmsFound(vms: readonly Member[], { reason, until }: Pick<Finding, 'reason'> & { until: string }): Finding {
  const more = vms.length > NAMED ? ` and ${vms.length - NAMED} more` : '';
  const named = vms.slice(0, NAMED).map(memberName).join(', ');
  return {
    reason,
    severity: 'warn',
    message: `${vms.length} ${vms.length === 1 ? 'workload' : 'workloads'} outside the cluster (${named}${more}): reroot cannot see their proxies, and gives them no root`,
    subject: { kind: 'cluster', name: 'cluster' },
    hint: `give them the new root once it is made, and say so by \`waive\` of each, or of its namespace with all that is in it; ${until}`,
  };
}

function reasonOf(member: Member): Pick<Finding, 'reason' | 'subject'> {
  const subject = { kind: 'object' as const, name: memberName(member) };
  if (member.kind === 'ExternalWorkload') return { reason: 'ExternalWorkloadUnseen', subject };
  return { reason: 'LinkedClusterUnconfirmed', subject };
}

function whatOf({ kind, cluster }: Member): string {
  if (kind === 'ExternalWorkload') return 'it is a workload outside the cluster';
  if (kind === 'Service') return 'it is the gateway by which other clusters may reach this one';
  return `it links this cluster with ${cluster ? `cluster ${plain(cluster)}` : 'another'}`;
}
