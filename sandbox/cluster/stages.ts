/**
 * What kwok does with nodes and pods, in its Stage language. One Stage switches all of kwok's defaults off, so this is
 * the whole set: nodes get ready and stay so; pods without a proxy are ready at once; meshed pods run, and are ready
 * when their proxy has a leaf (the stand-in says so by annotation); Jobs end; deleted pods go.
 */

export const PROXY_READY_ANNOTATION = 'sandbox.reroot.dev/proxy';
const MESHED = '.metadata.labels["linkerd.io/control-plane-ns"]';
const ALIVE = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };

export function kwokStages(kubeletPort: number): string {
  const stages = [
    nodeInitialize(kubeletPort),
    nodeHeartbeat(),
    podReady(),
    podRunning(),
    proxyReady(),
    podComplete(),
    podDelete(),
  ];
  return stages.map((stage) => JSON.stringify(stage)).join('\n---\n');
}

function stage(name: string, kind: 'Node' | 'Pod', matchExpressions: object[], next: object, delay?: object) {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, ...(delay ? { delay } : {}), next },
  };
}

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

function nodeInitialize(kubeletPort: number) {
  const reach = `addresses:\n- address: 127.0.0.1\n  type: InternalIP\ndaemonEndpoints:\n  kubeletEndpoint:\n    Port: ${kubeletPort}\n`;
  const notReady = {
    key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
    operator: 'NotIn',
    values: ['True'],
  };
  return stage('node-initialize', 'Node', [notReady], { statusTemplate: `${NODE_CONDITIONS}${reach}phase: Running\n` });
}

function nodeHeartbeat() {
  const running = { key: '.status.phase', operator: 'In', values: ['Running'] };
  const delay = { durationMilliseconds: 600_000, jitterDurationMilliseconds: 610_000 };
  return stage('node-heartbeat-with-lease', 'Node', [running], { statusTemplate: NODE_CONDITIONS }, delay);
}

const PENDING = { key: '.status.phase', operator: 'In', values: ['Pending'] };

function podReady() {
  const plain = { key: MESHED, operator: 'DoesNotExist' };
  return stage('pod-ready', 'Pod', [ALIVE, PENDING, plain], { statusTemplate: podStatus('True') });
}

function podRunning() {
  const meshed = { key: MESHED, operator: 'Exists' };
  return stage('pod-running', 'Pod', [ALIVE, PENDING, meshed], { statusTemplate: podStatus('False') });
}

function proxyReady() {
  const said = { key: `.metadata.annotations["${PROXY_READY_ANNOTATION}"]`, operator: 'In', values: ['ready'] };
  const running = { key: '.status.phase', operator: 'In', values: ['Running'] };
  const notYet = {
    key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
    operator: 'NotIn',
    values: ['True'],
  };
  return stage('proxy-ready', 'Pod', [ALIVE, said, running, notYet], {
    statusTemplate: `${conditions('True')}${containers('true')}`,
  });
}

function podComplete() {
  const ofJob = { key: '.metadata.ownerReferences.[].kind', operator: 'In', values: ['Job'] };
  const ready = {
    key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
    operator: 'In',
    values: ['True'],
  };
  const running = { key: '.status.phase', operator: 'In', values: ['Running'] };
  const endless = { key: '.metadata.annotations["sandbox.reroot.dev/endless"]', operator: 'DoesNotExist' };
  return stage('pod-complete', 'Pod', [ALIVE, running, ready, ofJob, endless], {
    statusTemplate: 'phase: Succeeded\n',
  });
}

/**
 * Only what waits for its kubelet. A pod deleted without grace is seen terminating for a moment, too; kwok 0.8 would
 * delete it by name alone, and hit the next pod of a StatefulSet, again and again.
 */
function podDelete() {
  const waiting = { key: '.metadata | select( .deletionGracePeriodSeconds > 0 ) | .name', operator: 'Exists' };
  return stage('pod-delete', 'Pod', [waiting], { delete: true });
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
