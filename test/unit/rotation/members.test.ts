import { describe, expect, it } from 'vitest';
import type { Member } from '../../../src/ground/mesh.js';
import { courseOf, type CourseRef } from '../../../src/rotation/courses/index.js';
import type { Waiver } from '../../../src/rotation/findings.js';
import { heldFor, heldPhases, heldWrite, membersFound, unconfirmed, unseenIn } from '../../../src/rotation/members.js';

const course = (change: Partial<CourseRef>) =>
  courseOf({ strategy: 'bridge', leafRenewal: 'wait', direction: 'forward', ...change });
const link: Member = { kind: 'Link', namespace: 'linkerd-multicluster', name: 'west', cluster: 'west' };
const vm = (name: string): Member => ({ kind: 'ExternalWorkload', namespace: 'vms', name });

describe('members that reroot cannot see are asked for', () => {
  it.each<[string, Partial<CourseRef>, string[]]>([
    ['before the prune of a bridge: leaves carry both chains until then', {}, ['approve']],
    ['before the swap and the prune of a bridge that rolls', { leafRenewal: 'roll' }, ['renew', 'approve']],
    ['before the swap and the prune of standard', { strategy: 'standard' }, ['trust', 'approve']],
    ['before the swap and the prune of patient', { strategy: 'patient' }, ['trust', 'approve']],
    ['not where the root stays', { strategy: 'issuer' }, []],
    ['not on the way back', { direction: 'back' }, []],
    [
      'before the prune alone when every leaf has ended already',
      { strategy: 'standard', recovery: 'issuer' },
      ['approve'],
    ],
    ['before the prune under an expired root', { recovery: 'root' }, ['approve']],
  ])('%s', (_when, change, phases) => expect(heldPhases(course(change))).toEqual(phases));
});

describe('a person says that they are taken care of', () => {
  const waive = (subject: string): Waiver => ({ subject, reason: 'has it' });
  it.each<[string, string[], string[]]>([
    ['by nothing yet', [], ['west', 'a', 'b']],
    ['of a cluster by its Link', ['linkerd-multicluster/Link/west'], ['a', 'b']],
    ['of a cluster not by the namespace of its Link', ['linkerd-multicluster'], ['west', 'a', 'b']],
    ['of a VM by its name', ['vms/ExternalWorkload/a'], ['west', 'b']],
    ['of VMs by their namespace', ['vms'], ['west']],
  ])('%s', (_how, subjects, left) =>
    expect(unconfirmed([link, vm('a'), vm('b')], subjects.map(waive)).map(({ name }) => name)).toEqual(left),
  );
});

describe('a member counts in the plan', () => {
  const unseen = (strategy: CourseRef['strategy'], ...gates: Waiver['gate'][]) =>
    unseenIn(
      course({ strategy }),
      [link],
      gates.map((gate) => ({ subject: 'linkerd-multicluster/Link/west', reason: 'r', gate })),
    );
  it.each<[string, Member[], number]>([
    ['while nothing is said of it', unseen('standard'), 1],
    ['while something is said at one gate of two', unseen('standard', 'trust'), 1],
    ['no more when it is said at both', unseen('standard', 'trust', 'approve'), 0],
    ['no more when the input says it', unseen('bridge', undefined), 0],
    ['with a waiver of its rollout alone', unseen('bridge', 'rollout'), 1],
    ['not where the root stays', unseen('issuer'), 0],
  ])('%s', (_when, found, count) => expect(found).toHaveLength(count));
});

describe('clusters that come by a gateway', () => {
  const gateway: Member = { kind: 'Service', namespace: 'linkerd-multicluster', name: 'linkerd-gateway' };
  it('are waived by its Service, and not by the Deployment, which has proxies of its own', () => {
    const left = (subject: string) => unconfirmed([gateway], [{ subject, reason: 'r' }]).length;
    expect(left('linkerd-multicluster/Deployment/linkerd-gateway')).toBe(1);
    expect(left('linkerd-multicluster/Service/linkerd-gateway')).toBe(0);
  });
  it('are named by preflight', () => {
    expect(membersFound([gateway], ['approve'])).toMatchObject([
      {
        reason: 'LinkedClusterUnconfirmed',
        message: expect.stringContaining('gateway by which other clusters') as string,
      },
    ]);
  });
});

describe('what is said of them', () => {
  const at = (phase: 'trust' | 'approve') => {
    const write = heldWrite(course({ strategy: 'standard' }), phase);
    expect(write).toBeDefined();
    return heldFor([link, vm('a')], { phase, ...(write ? { write } : ({} as never)) });
  };
  it('before the swap: they have to trust the new root', () => {
    const [cluster, machine] = at('trust');
    expect(cluster).toMatchObject({
      reason: 'LinkedClusterUnconfirmed',
      severity: 'block',
      subject: { name: 'linkerd-multicluster/Link/west' },
    });
    expect(cluster?.message).toContain('cluster west');
    expect(cluster?.message).toContain('they have to trust the new root before leaves come from the new issuer alone');
    expect(machine).toMatchObject({ reason: 'ExternalWorkloadUnseen', subject: { name: 'vms/ExternalWorkload/a' } });
    expect(machine?.hint).toContain('reroot waive vms/ExternalWorkload/a --gate trust');
  });
  it('before the prune: their leaves too', () => {
    const [cluster] = at('approve');
    expect(cluster?.message).toContain('present leaves that verify with it before the old root leaves the bundle');
    expect(cluster?.hint).toContain('--gate approve');
  });
  it('in preflight: VMs together, counted, and each cluster by itself', () => {
    const many = Array.from({ length: 12 }, (_, index) => vm(`vm-${index}`));
    const [machines, cluster, ...more] = membersFound([link, ...many], ['trust', 'approve']);
    expect(more).toEqual([]);
    expect(machines).toMatchObject({ reason: 'ExternalWorkloadUnseen', severity: 'warn' });
    expect(machines?.message).toContain('12 workloads outside the cluster (vms/ExternalWorkload/vm-0, ');
    expect(machines?.message).toContain('vm-9 and 2 more)');
    expect(machines?.hint).toContain('at the gate of trust and of approve');
    expect(cluster).toMatchObject({ reason: 'LinkedClusterUnconfirmed', severity: 'warn' });
    expect(cluster?.hint).toContain('`waive` linkerd-multicluster/Link/west');
  });
});
