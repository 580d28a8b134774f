import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { flags, type Server, startServer } from './processes.js';

/**
 * What kwok does with nodes and pods, in its Stage language. One Stage switches all of kwok's defaults off, so this is
 * the whole set: nodes get ready and stay so; pods run, and are ready at once or when somebody says so; Jobs end; deleted
 * pods go.
 */

/** Pods with this label are ready only once this annotation says `ready`. */
export interface ReadyWhenSaid {
  label: string;
  annotation: string;
}

/**
 * A pod with this annotation is played by a process (sandbox/kit/pod-processes.ts), which says with it whether it is `ready`. It is
 * deleted by whoever ends that process.
 */
export const PROCESS_ANNOTATION = 'sandbox.reroot.dev/process';

/** What the nodes say of their kubelets, and how those treat pods. */
export interface Kubelets {
  /** Where the API server finds the kubelet of every node. */
  kubeletPort: number;
  readyWhenSaid: ReadyWhenSaid;
}

/** Nodes and pods that kwok takes care of. */
export const FAKE_NODE = { 'kwok.x-k8s.io/node': 'fake' } as const;

export function startKwok(folder: string, kubeconfig: string, kubelets: Kubelets): Server {
  const config = path.join(folder, 'stages.yaml');
  writeFileSync(config, kwokStages(kubelets));
  return startServer(
    folder,
    'kwok',
    flags({
      kubeconfig,
      config,
      'node-lease-duration-seconds': 200,
      'manage-nodes-with-annotation-selector': Object.entries(FAKE_NODE).map((pair) => pair.join('=')),
      'server-address': '127.0.0.1:0',
    }),
  );
}

function kwokStages({ kubeletPort, readyWhenSaid: { label, annotation } }: Kubelets): string {
  const stages = [
    nodeInitialize(kubeletPort),
    nodeHeartbeat(),
    podReady(label),
    podRunning(label),
    podSaidReady(annotation),
    ...podsOfProcesses(label),
    podComplete(),
    podDelete(),
  ];
  return stages.map((each) => JSON.stringify(each)).join('\n---\n');
}

interface Stage {
  name: string;
  kind: 'Node' | 'Pod';
  /** All of them hold. */
  when: readonly Expression[];
  next: { statusTemplate: string } | { delete: true };
  delay?: { durationMilliseconds: number; jitterDurationMilliseconds: number };
}

interface Expression {
  /** In jq. */
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: readonly string[];
}

function stage({ name, kind, when, next, delay }: Stage): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: when },
      ...(delay ? { delay } : {}),
      next,
    },
  };
}

const ALIVE: Expression = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const PENDING: Expression = { key: '.status.phase', operator: 'In', values: ['Pending'] };
const RUNNING: Expression = { key: '.status.phase', operator: 'In', values: ['Running'] };
const READY_STATUS = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const READY: Expression = { key: READY_STATUS, operator: 'In', values: ['True'] };
const NOT_READY: Expression = { key: READY_STATUS, operator: 'NotIn', values: ['True'] };

const NO_PROCESS: Expression = { key: annotated(PROCESS_ANNOTATION), operator: 'DoesNotExist' };

const NODE_CONDITIONS = `
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
`;

function nodeInitialize(kubeletPort: number): object {
  const reach = `addresses:\n- address: 127.0.0.1\n  type: InternalIP\ndaemonEndpoints:\n  kubeletEndpoint:\n    Port: ${kubeletPort}\n`;
  const statusTemplate = `${NODE_CONDITIONS}${reach}phase: Running\n`;
  return stage({ name: 'node-initialize', kind: 'Node', when: [NOT_READY], next: { statusTemplate } });
}

function nodeHeartbeat(): object {
  return stage({
    name: 'node-heartbeat-with-lease',
    kind: 'Node',
    when: [RUNNING],
    delay: { durationMilliseconds: 600_000, jitterDurationMilliseconds: 610_000 },
    next: { statusTemplate: NODE_CONDITIONS },
  });
}

function podReady(label: string): object {
  return stage({
    name: 'pod-ready',
    kind: 'Pod',
    when: [ALIVE, PENDING, { key: labelled(label), operator: 'DoesNotExist' }, NO_PROCESS],
    next: { statusTemplate: podStatus('True') },
  });
}

/** Those without a proxy: with one, they are pods of that label. */
function podsOfProcesses(label: string): object[] {
  const unmeshed: Expression = { key: labelled(label), operator: 'DoesNotExist' };
  const process = annotated(PROCESS_ANNOTATION);
  return [
    stage({
      name: 'pod-process-running',
      kind: 'Pod',
      when: [ALIVE, PENDING, unmeshed, { key: process, operator: 'Exists' }],
      next: { statusTemplate: podStatus('False') },
    }),
    stage({
      name: 'pod-process-ready',
      kind: 'Pod',
      when: [ALIVE, unmeshed, { key: process, operator: 'In', values: ['ready'] }, RUNNING, NOT_READY],
      next: { statusTemplate: `${conditions('True')}${containers('true')}` },
    }),
  ];
}

function podRunning(label: string): object {
  return stage({
    name: 'pod-running',
    kind: 'Pod',
    when: [ALIVE, PENDING, { key: labelled(label), operator: 'Exists' }],
    next: { statusTemplate: podStatus('False') },
  });
}

function podSaidReady(annotation: string): object {
  return stage({
    name: 'pod-said-ready',
    kind: 'Pod',
    when: [
      ALIVE,
      { key: annotated(annotation), operator: 'In', values: ['ready'] },
      { key: annotated(PROCESS_ANNOTATION), operator: 'NotIn', values: ['waits'] },
      RUNNING,
      NOT_READY,
    ],
    next: { statusTemplate: `${conditions('True')}${containers('true')}` },
  });
}

function podComplete(): object {
  const ofJob: Expression = { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] };
  const ends: Expression = { key: annotated('sandbox.reroot.dev/endless'), operator: 'DoesNotExist' };
  return stage({
    name: 'pod-complete',
    kind: 'Pod',
    when: [ALIVE, RUNNING, READY, ofJob, ends],
    next: { statusTemplate: 'phase: Succeeded\n' },
  });
}

/**
 * Only what waits for its kubelet. A pod deleted without grace is seen terminating for a moment, too; kwok 0.8 would
 * delete it by name alone, and hit the next pod of a StatefulSet, again and again.
 */
function podDelete(): object {
  const graceful: Expression = {
    key: '.metadata | select( .deletionGracePeriodSeconds > 0 ) | .name',
    operator: 'Exists',
  };
  return stage({ name: 'pod-delete', kind: 'Pod', when: [graceful, NO_PROCESS], next: { delete: true } });
}

function labelled(label: string): string {
  return `.metadata.labels["${label}"]`;
}

function annotated(annotation: string): string {
  return `.metadata.annotations["${annotation}"]`;
}

function podStatus(ready: 'True' | 'False'): string {
  return `${conditions(ready)}${containers(ready === 'True' ? 'true' : 'false')}
{{ $hostIPs := NodeIPsWith .spec.nodeName }}
{{ with $hostIPs }}
hostIP: {{ index . 0 | Quote }}
{{ end }}
{{ $podIPs := PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
{{ with $podIPs }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
phase: Running
startTime: {{ Now | Quote }}
`;
}

function conditions(ready: 'True' | 'False'): string {
  const condition = (type: string, status: string) =>
    `- lastTransitionTime: {{ Now | Quote }}\n  status: "${status}"\n  type: ${type}\n`;
  const scheduled = condition('PodScheduled', 'True');
  return `conditions:\n${scheduled}${condition('Initialized', 'True')}${condition('Ready', ready)}${condition('ContainersReady', ready)}`;
}

function containers(ready: 'true' | 'false'): string {
  const running = `  ready: ${ready}\n  started: true\n  restartCount: 0\n  state:\n    running:\n      startedAt: {{ Now | Quote }}\n`;
  const ended =
    '  ready: true\n  restartCount: 0\n  state:\n    terminated:\n      exitCode: 0\n      reason: Completed\n      finishedAt: {{ Now | Quote }}\n      startedAt: {{ Now | Quote }}\n';
  const item = '- image: {{ .image | Quote }}\n  name: {{ .name | Quote }}\n';
  return `containerStatuses:
{{ range .spec.containers }}
${item}${running}{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
${item}{{ if eq .restartPolicy "Always" }}
${running}{{ else }}
${ended}{{ end }}
{{ end }}
`;
}
