import { type Finding, isOfControlPlane } from '../findings.js';
import { injectionBroken, rehearsalRefused } from '../injection.js';
import { blockUnlessRecovering, type PreflightObservation } from './observation.js';
import { CLUSTER, INJECTOR } from './subjects.js';

export function linkerdUndetected({ undetected }: PreflightObservation): Finding[] {
  if (!undetected) return [];
  const { reason, message, hint } = undetected;
  return [{ reason, severity: 'block', message, subject: CLUSTER, hint }];
}

export function controlPlaneWaived({ waivers, linkerdNamespace }: PreflightObservation): Finding[] {
  return waivers
    .filter(({ subject }) => isOfControlPlane(subject, linkerdNamespace))
    .map(({ subject }) => ({
      reason: 'ControlPlaneWaived',
      severity: 'block',
      message: `the input waives ${subject}, which is of the control plane: every leaf and the anchors of every new pod come from it`,
      subject: { kind: 'object', name: 'input waive' },
      hint: 'take it out of `waive`, and repair it',
    }));
}

export function controlPlaneNotReady(observation: PreflightObservation): Finding[] {
  const { deployments, linkerdNamespace } = observation;
  return deployments
    .filter(({ ready, wanted }) => ready < wanted || wanted === 0)
    .map(({ name, ready, wanted }) => ({
      reason: 'ControlPlaneNotReady',
      severity: blockUnlessRecovering(observation),
      message: `${ready} of ${wanted} replicas are ready`,
      subject: { kind: 'workload', name: `${linkerdNamespace}/Deployment/${name}` },
      hint: 'a rotation needs a healthy control plane at every step: repair it first',
    }));
}

export function injectionFails({ rehearsal }: PreflightObservation): Finding[] {
  if (rehearsal?.problem !== undefined) return [injectionBroken(rehearsal.namespace, rehearsal.problem)];
  return rehearsal?.refused === undefined ? [] : [rehearsalRefused(rehearsal.namespace, rehearsal.refused)];
}

export function injectorMayBeSkipped({ webhookFailurePolicy }: PreflightObservation): Finding[] {
  if (webhookFailurePolicy !== 'Ignore') return [];
  return [
    {
      reason: 'WebhookFailureIgnored',
      severity: 'warn',
      message: 'failurePolicy of the injector webhook is Ignore: pods created while it is down start without a proxy',
      subject: INJECTOR,
      hint: 'reroot rolls nothing unless dry runs come back injected, and counts proxies afterwards',
    },
  ];
}
