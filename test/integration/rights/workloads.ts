import type { PatchOperation } from '../../../src/kubernetes/patch.js';
import { add, type Attempt, replace } from './client.js';
import { ANCHORS, collection, type Target } from './victims.js';

/** What must not be changed in a workload, whoever asks with the worker's token. */
export function onWorkload(target: Target): Attempt[] {
  const pod = `${target.template}/spec`;
  const [app, proxy, identity] = [0, 1, 2].map((index) => `${pod}/containers/${index}`);
  const changes: Record<string, PatchOperation[]> = {
    'an image': [replace(`${app}/image`, 'evil')],
    'the image of the proxy': [replace(`${proxy}/image`, 'evil')],
    'the image of an init container': [replace(`${pod}/initContainers/0/image`, 'evil')],
    'a command': [replace(`${app}/command`, ['sh'])],
    'a command where there was none': [add(`${identity}/command`, ['sh'])],
    'an argument': [add(`${app}/args/-`, '--evil')],
    'an argument that looks like the anchors, of another container': [
      replace(`${app}/args/0`, '-identity-trust-anchors-pem=evil'),
    ],
    "another argument of identity's": [replace(`${identity}/args/2`, '-identity-trust-domain=evil')],
    "a further argument of identity's": [add(`${identity}/args/-`, '-identity-trust-anchors-pem=evil')],
    'all arguments': [{ op: 'remove', path: `${identity}/args` }],
    'a variable': [add(`${app}/env`, [{ name: 'LD_PRELOAD', value: 'evil' }])],
    "a variable of an init container's": [replace(`${pod}/initContainers/0/env/0/value`, 'evil')],
    'another variable of the proxy': [replace(`${proxy}/env/2/value`, 'trace')],
    'a further variable of the proxy': [add(`${proxy}/env/-`, { name: 'LD_PRELOAD', value: 'evil' })],
    'the anchors of another container': [add(`${app}/env`, [{ name: ANCHORS, value: 'evil' }])],
    'the anchors for the content of a Secret': [
      replace(`${proxy}/env/1`, { name: ANCHORS, valueFrom: { secretKeyRef: { name: 'any', key: 'any' } } }),
    ],
    'the name of a variable': [replace(`${proxy}/env/0/name`, ANCHORS)],
    'variables from a Secret': [add(`${proxy}/envFrom`, [{ secretRef: { name: 'any' } }])],
    'a container for more rights': [add(`${app}/securityContext`, { privileged: true })],
    'a mount': [add(`${app}/volumeMounts`, [{ name: 'data', mountPath: '/data' }])],
    'a volume of the node': [add(`${pod}/volumes/-`, { name: 'root', hostPath: { path: '/' } })],
    'the ServiceAccount': [add(`${pod}/serviceAccountName`, 'other')],
    'the network of the node': [add(`${pod}/hostNetwork`, true)],
    'the node': [add(`${pod}/nodeName`, 'node-1')],
    'a further container': [add(`${pod}/containers/-`, { name: 'evil', image: 'evil' })],
    'a container that is gone': [{ op: 'remove', path: app ?? '' }],
    'a further init container': [add(`${pod}/initContainers/-`, { name: 'evil', image: 'evil' })],
    'all init containers': [{ op: 'remove', path: `${pod}/initContainers` }],
    'the name of a container': [replace(`${app}/name`, 'linkerd-proxy2')],
    "somebody's annotation of the template": [
      add(`${target.template}/metadata/annotations/linkerd.io~1inject`, 'enabled'),
    ],
    "all of somebody's annotations of the template": [
      replace(`${target.template}/metadata/annotations`, { 'reroot.dev/rolled-for': 'x' }),
    ],
    'another annotation of the template with the prefix of kubectl': [
      add(`${target.template}/metadata/annotations/kubectl.kubernetes.io~1default-container`, 'x'),
    ],
    'the time of a restart on the object itself': [
      add('/metadata/annotations/kubectl.kubernetes.io~1restartedAt', 'x'),
    ],
    'another annotation of the template with the prefix of reroot': [
      add(`${target.template}/metadata/annotations/reroot.dev~1other`, 'x'),
    ],
    'a label of the template': [add(`${target.template}/metadata/labels/evil`, 'x')],
    "somebody's annotation": [add('/metadata/annotations/example.invalid~1theirs', 'mine')],
    'a new annotation': [add('/metadata/annotations/kubernetes.io~1change-cause', 'evil')],
    'an annotation that is gone': [{ op: 'remove', path: '/metadata/annotations/example.invalid~1theirs' }],
    'a label': [add('/metadata/labels/evil', 'x')],
    'a label that is gone': [{ op: 'remove', path: '/metadata/labels/app' }],
    'a finalizer': [add('/metadata/finalizers', ['example.invalid/stay'])],
    'an owner': [
      add('/metadata/ownerReferences', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'gone' }]),
    ],
    ...(target.replicas ? { 'the number of replicas': [replace('/spec/replicas', 3)] } : {}),
    ...OF_KIND[target.kind],
  };
  const path = `${collection(target)}/victim`;
  return Object.entries(changes).map(([what, body]) => ({
    what: `change of a ${target.kind}: ${what}`,
    method: 'PATCH',
    path,
    body,
  }));
}

const OF_KIND: Record<string, Record<string, PatchOperation[]>> = {
  Deployment: {
    'its strategy': [replace('/spec/strategy', { type: 'Recreate' })],
    'its pause': [add('/spec/paused', true)],
  },
  StatefulSet: { 'its strategy': [replace('/spec/updateStrategy', { type: 'OnDelete' })] },
  DaemonSet: { 'its strategy': [replace('/spec/updateStrategy', { type: 'OnDelete' })] },
  CronJob: {
    'its schedule': [replace('/spec/schedule', '* * * * *')],
    'its suspension': [add('/spec/suspend', true)],
    'the labels of its Jobs': [add('/spec/jobTemplate/metadata/labels', { evil: 'x' })],
    'the retries of its Jobs': [add('/spec/jobTemplate/spec/backoffLimit', 99)],
  },
  Rollout: {
    'its strategy': [add('/spec/strategy', { canary: {} })],
    'its template by reference': [add('/spec/workloadRef', { kind: 'Deployment', name: 'other' })],
    'an anchors variable with a Secret beside its value': [
      add('/spec/template/spec/containers/1/env/1/valueFrom', { secretKeyRef: { name: 'any', key: 'any' } }),
    ],
  },
};

/** What reroot itself writes into a workload. */
export function rolls(target: Target): Attempt[] {
  const { template, kind } = target;
  const containers = `${template}/spec/containers`;
  const annotation = (path: string, name: string) => add(`${path}/metadata/annotations/reroot.dev~1${name}`, 'x');
  const restart = add(`${template}/metadata/annotations/kubectl.kubernetes.io~1restartedAt`, 'x');
  const patch = (what: string, body: PatchOperation[]): Attempt => ({
    what: `${kind}: ${what}`,
    method: 'PATCH',
    path: `${collection(target)}/victim`,
    body: [...body, annotation('', 'rolled-at')],
  });
  return [
    patch('a roll', [annotation(template, 'rolled-for'), annotation('', 'rolled-for')]),
    patch("the restart of an operator's", [restart, annotation('', 'rolled-for')]),
    patch('other anchors of a proxy', [
      replace(`${containers}/1/env/1/value`, 'old and new'),
      annotation(template, 'rolled-for'),
    ]),
    patch("identity's own anchors", [
      replace(`${containers}/2/env/0/value`, 'old and new'),
      replace(`${containers}/2/args/1`, '-identity-trust-anchors-pem=old and new'),
      annotation(template, 'rolled-for'),
    ]),
    ...(kind === 'Rollout'
      ? [patch('a restart', [annotation('', 'rolled-for'), add('/spec/restartAt', '2026-01-01T00:00:00Z')])]
      : []),
  ];
}
