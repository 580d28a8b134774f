import { describe, expect, it } from 'vitest';
import { heldMembers } from '../../../../activities/kit/held-members.js';
import { readPhase } from '../../../../activities/kit/stored-rotation.js';
import { toSec1Pem } from '../../../../src/pki/key.js';
import type { CourseRef } from '../../../../src/rotation/courses/index.js';
import type { Waiver } from '../../../../src/rotation/findings.js';
import type { PhaseInput } from '../../../../src/rotation/payloads.js';
import { clusterWith as clusterWithCustom } from '../../linkerd/custom.js';
import { clusterWith, newRotation, next, old, step } from '../cluster.js';

const [O, T] = [old.root.certificate, next.root.certificate];
const ISSUER = { certificatePem: next.issuer.certificate.pem, keyPem: toSec1Pem(next.issuer.privateKey) };
const LINK = 'mc/Link/west';

/** Who is asked for at the gate of a phase, in a cluster with one Link. */
async function held(
  phase: PhaseInput['phase'],
  stored: Parameters<typeof clusterWith>[0] = {},
  { waivers = [], course = {} }: { waivers?: Waiver[]; course?: Partial<CourseRef> } = {},
): Promise<string[]> {
  const linked = clusterWithCustom({
    'links.v1alpha3.multicluster.linkerd.io': [{ metadata: { namespace: 'mc', name: 'west' } }],
  });
  const k8s = { ...clusterWith({ bundle: [O, T], rotation: newRotation(), ...stored }).k8s, custom: linked.custom };
  const input = { ...step({}, { strategy: 'standard', ...course }), phase, waivers, retry: 0 };
  const findings = await heldMembers({ k8s }, input, await readPhase({ k8s }, input));
  return findings.map(({ subject }) => subject.name);
}

describe('a Link is asked for', () => {
  it('at the gates before the swap and before the prune, and at no other', async () => {
    expect(await held('trust')).toEqual([LINK]);
    expect(await held('approve', { issuer: ISSUER })).toEqual([LINK]);
    expect(await held('renew', { issuer: ISSUER })).toEqual([]);
  });
  it('no more once the write is done: an earlier run has asked', async () => {
    expect(await held('trust', { issuer: ISSUER })).toEqual([]);
    expect(await held('approve', { issuer: ISSUER, bundle: [T] })).toEqual([]);
  });
  it('no more once a person has said so, at this gate or in the input', async () => {
    const waive = (gate?: Waiver['gate']) => ({ waivers: [{ subject: LINK, reason: 'has it', gate }] });
    expect(await held('trust', {}, waive('trust'))).toEqual([]);
    expect(await held('trust', {}, waive())).toEqual([]);
    expect(await held('trust', {}, waive('approve'))).toEqual([LINK]);
    expect(await held('trust', {}, waive('rollout'))).toEqual([LINK]);
  });
  it('not on the way back', async () => {
    expect(await held('trust', {}, { course: { direction: 'back' } })).toEqual([]);
  });
});
