import { expect } from 'vitest';
import { warningAbout } from '../by-hand-scene.js';
import { questionOf, rotationsOfOperated, type Shown } from '../operated-scene.js';
import { type Row, said } from '../row.js';

/** Phases of `standard` that roll: each rolls a workload once. */
const ROLLING_PHASES = 3;

/** That an operator's workload was restarted once a phase, and that all of its pods came out right. */
function restarted({ operator, report, anchors, refused }: Shown, name: string): string {
  const { restarts, putBack } = operator.seen(name);
  expect(restarts.size).toBe(ROLLING_PHASES);
  expect(refused).toBe(0);
  const own = anchors.filter(([pod]) => pod.startsWith(name));
  expect(own.length).toBeGreaterThan(0);
  for (const [pod, held] of own) expect(held, pod).toEqual([report.newRoot.fingerprint]);
  return `restarted ${restarts.size} times in ${ROLLING_PHASES} phases (something put back ${putBack} times); pods with the new root alone: ${own.length}; handshakes refused: ${refused}`;
}

/** That pods were replaced in the end, by evictions. */
function replaced({ report, anchors, refused }: Shown, name: string): string {
  expect(refused).toBe(0);
  const own = anchors.filter(([pod]) => pod.startsWith(name));
  expect(own.length).toBeGreaterThan(0);
  for (const [pod, held] of own) expect(held, pod).toEqual([report.newRoot.fingerprint]);
  return `replaced by evictions; pods with the new root alone: ${own.length}; handshakes refused: ${refused}`;
}

export const operators: readonly Row[] = [
  {
    report: 1,
    have: 'A StatefulSet of the Prometheus operator, before anything is rotated',
    does: 'preflight warns: it will be restarted by `kubectl.kubernetes.io/restartedAt`. The mesh is ready (exit code 0)',
    made: 'API server: custom resource Prometheus that owns a StatefulSet',
    sample: true,
    see: async () => {
      const finding = await warningAbout('StatefulSet/prometheus-main', 'CustomController');
      expect(finding.message).toMatch(/Prometheus main.*restartedAt/);
      return said(finding);
    },
  },
  {
    report: 1,
    have: 'An operator that puts back what others change in a template, but for `restartedAt` (prometheus-operator from 0.50)',
    does: 'restarts the StatefulSet by that annotation, once a phase',
    made: 'API server: an operator that owns a StatefulSet; a whole rotation',
    see: async () => restarted(await rotationsOfOperated(), 'prometheus-main'),
  },
  {
    report: 1,
    have: 'A Deployment of an operator that takes every foreign annotation off the object too',
    does: 'restarts it the same way: the fraction of `restartedAt` tells of which roll it is, with no other trace',
    made: 'API server: an operator that owns a Deployment; a whole rotation',
    see: async () => restarted(await rotationsOfOperated(), 'vminsert-main'),
  },
  {
    report: 1,
    have: 'A DaemonSet of an operator',
    does: 'restarts it the same way',
    made: 'API server: an operator that owns a DaemonSet; a whole rotation',
    see: async () => restarted(await rotationsOfOperated(), 'vmagent-main'),
  },
  {
    report: 1,
    have: 'An operator that puts back `restartedAt` as well (grafana/agent#4495)',
    does: 'rolls once, then asks in the rollout: names the owner, and who writes the template',
    made: 'API server: an operator that owns a StatefulSet; a rotation until it asks',
    see: async () => {
      const { asked, putBack } = await rotationsOfOperated();
      const question = questionOf(asked, 'StatefulSet/grafana-agent', 'OutdatedAfterRollout');
      expect(question.message).toMatch(/GrafanaAgent agent.*grafana-agent-operator/);
      expect(putBack['grafana-agent']).toBe(1);
      return said(question);
    },
  },
  {
    report: 1,
    have: 'An operator that puts back everything, with `rollout.deletePods`',
    does: 'evicts its pods, one at a time while all others are ready',
    made: 'API server: the same operator; a whole rotation',
    see: async () => replaced(await rotationsOfOperated(), 'grafana-agent'),
  },
  {
    report: 1,
    have: 'Bare pods of an operator’s resource (Strimzi’s StrimziPodSet)',
    does: 'asks in the rollout, with the owner and its own means of a restart',
    made: 'API server: custom resource StrimziPodSet that owns pods; a rotation until it asks',
    see: async () => {
      const { asked, warned } = await rotationsOfOperated();
      expect(warned.findings).toContainEqual(
        expect.objectContaining({
          severity: 'warn',
          subject: { kind: 'workload', name: 'operated/StrimziPodSet/kafka' },
        }),
      );
      const question = questionOf(asked, 'StrimziPodSet/kafka', 'CustomController');
      expect(question.hint).toContain('kubectl annotate strimzipodset kafka');
      return `${said(question)} (${question.hint})`;
    },
  },
  {
    report: 1,
    have: 'Bare pods of an operator’s resource, with `rollout.deletePods`',
    does: 'evicts them, one at a time while all others are ready, and waits for the operator to make each anew',
    made: 'API server: an operator that makes pods anew; a whole rotation',
    see: async () => {
      const shown = await rotationsOfOperated();
      const { gone } = shown.operator;
      expect(gone.length).toBeGreaterThanOrEqual(ROLLING_PHASES * 3);
      expect(gone.filter(({ others }) => others < 2)).toEqual([]);
      return replaced(shown, 'kafka');
    },
  },
  {
    report: 1,
    have: 'Bare pods of an operator’s resource, whose rollout a person waives',
    does: 'waits for their rollout no more, rolls nothing twice that was put back, and its gate still asks their proxies',
    made: 'API server: custom resource StrimziPodSet that owns pods; `waive` while the rotation asks',
    see: async () => {
      const { gate } = await rotationsOfOperated();
      const shortfalls = gate.filter(({ subject }) => subject.workload === 'operated/StrimziPodSet/kafka');
      expect(shortfalls).toHaveLength(3);
      const [first] = shortfalls;
      return `the gate of 3 of 3 proxies: ${first?.reason} (blocks): ${first?.message}`;
    },
  },
  {
    report: 1,
    have: 'A StatefulSet that its operator has made OnDelete (VictoriaMetrics by default)',
    does: 'asks in the rollout, with the owner; evicts with `rollout.deletePods`',
    made: 'API server: custom resource VMCluster that owns it; both rotations',
    see: async () => {
      const shown = await rotationsOfOperated();
      const question = questionOf(shown.asked, 'StatefulSet/vmstorage-main', 'NeedsEviction');
      expect(question.message).toContain('VMCluster main');
      return `${said(question)}; then ${replaced(shown, 'vmstorage-main')}`;
    },
  },
  {
    report: 'sibling of 1',
    have: 'A ReplicaSet that an operator owns by itself',
    does: 'asks, or evicts, the same way; its pods are named by the ReplicaSet',
    made: 'API server: custom resource VMCluster that owns it; both rotations',
    see: async () => {
      const shown = await rotationsOfOperated();
      const question = questionOf(shown.asked, 'ReplicaSet/vmauth-main', 'NeedsEviction');
      return `${said(question)}; then ${replaced(shown, 'vmauth-main')}`;
    },
  },
  {
    report: 17,
    have: 'A GitOps controller that takes foreign annotations off templates and objects (argo-cd#28769)',
    does: 'rolls once, then asks: names the field manager that writes the template',
    made: 'API server: a Deployment of nobody, and a controller that puts back all; a rotation until it asks',
    see: async () => {
      const { asked, putBack } = await rotationsOfOperated();
      const question = questionOf(asked, 'Deployment/storefront', 'OutdatedAfterRollout');
      expect(question.message).toContain('argocd-controller');
      expect(putBack['storefront']).toBe(1);
      return said(question);
    },
  },
  {
    report: 'sibling of 1',
    have: 'Pods of a controller of another kind (OpenKruise’s CloneSet)',
    does: 'preflight warns, with the owner and its own means of a restart, and the mesh is ready',
    made: 'API server: custom resource CloneSet that owns a pod',
    see: async () => {
      const finding = await warningAbout('CloneSet/web', 'CustomController');
      expect(finding.hint).toContain('kubectl kruise rollout restart cloneset/web');
      return `${said(finding)} (${finding.hint})`;
    },
  },
  {
    report: 'sibling of 1',
    have: 'A paused Deployment',
    does: 'preflight warns, and the mesh is ready: the rotation will wait for it in its rollout, and ask',
    made: 'API server: a meshed Deployment, paused',
    sample: true,
    see: async () => said(await warningAbout('Deployment/paused', 'DeploymentPaused')),
  },
  {
    report: 'sibling of 1',
    have: 'A bare pod',
    does: 'preflight warns, and the mesh is ready',
    made: 'API server: a meshed pod without an owner',
    see: async () => said(await warningAbout('Pod/alone', 'BarePod')),
  },
  {
    report: 'sibling of 1',
    have: 'A static pod',
    does: 'preflight warns, and the mesh is ready',
    made: 'API server: a meshed pod that a node owns',
    see: async () => said(await warningAbout('StaticPod/static', 'StaticPod')),
  },
  {
    report: 'sibling of 1',
    have: 'A Job that runs on',
    does: 'preflight warns, and the mesh is ready',
    made: 'API server: a meshed Job',
    see: async () => said(await warningAbout('Job/long', 'JobRunning')),
  },
];
