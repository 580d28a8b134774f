import { expect } from 'vitest';
import {
  impatientPreflight,
  injectedByHand,
  allRight,
  grownOlder,
  kubeletSays,
  ofInjection,
  preflightAsAdmin,
  withPod,
} from '../admission/cluster.js';
import { injectorChanged, labelled, OWN, underPolicy, underWebhook } from '../admission/judges.js';
import { byFirstWorkload, firstComesBackWrong } from '../admission/waves.js';
import { quota } from '../admission/quota.js';
import { mesh } from '../../integration/support.js';
import { found, preflight, type Row, said } from '../row.js';

const OF_LINKERD = "c.name.startsWith('linkerd-')";

/** Nothing about the injector, and nothing blocks. */
async function isAllRight(see = preflight): Promise<string> {
  const result = await see();
  expect(ofInjection(result)).toEqual([]);
  expect(result.code).toBe(0);
  return allRight(result);
}

/** A warning in the words of what refuses, that blocks nothing. */
async function isRefused(words: string): Promise<string> {
  const result = await preflight();
  expect(ofInjection(result)).toEqual(['RehearsalRefused']);
  const finding = found(result, 'RehearsalRefused');
  expect(finding.message).toContain(words);
  expect(result.code).toBe(0);
  return said(finding);
}

export const admission: readonly Row[] = [
  {
    report: 2,
    have: 'a policy that lets in images of some registries alone (Kyverno, Gatekeeper, ValidatingAdmissionPolicy)',
    does: 'rehearses with the image of a meshed pod that runs: nothing to do',
    made: 'API server: ValidatingAdmissionPolicy on `image` of every new pod',
    sample: true,
    see: async () =>
      await underPolicy(
        'registries',
        {
          expression:
            "object.spec.containers.all(c, c.image.startsWith('example.invalid/') || c.image.startsWith('cr.l5d.io/'))",
          message: 'images come from example.invalid',
        },
        isAllRight,
      ),
  },
  {
    report: 2,
    have: 'a policy that asks every pod for a label',
    does: 'rehearses with the labels of a meshed pod: nothing to do',
    made: 'API server: ValidatingAdmissionPolicy on `metadata.labels`',
    see: async () =>
      await underPolicy(
        'labels',
        {
          expression: "has(object.metadata.labels) && 'app' in object.metadata.labels",
          message: 'label app is required',
        },
        isAllRight,
      ),
  },
  {
    report: 2,
    have: 'a policy that asks every container for requests',
    does: 'rehearses with the resources of a meshed pod: nothing to do',
    made: 'API server: ValidatingAdmissionPolicy on `resources.requests`',
    see: async () =>
      await underPolicy(
        'requests',
        {
          expression: `object.spec.containers.all(c, ${OF_LINKERD} || (has(c.resources) && has(c.resources.requests)))`,
          message: 'every container asks for what it needs',
        },
        isAllRight,
      ),
  },
  {
    report: 2,
    have: 'a policy that refuses pods without a controller, in every namespace',
    does: 'warns with the words of the policy (`RehearsalRefused`); the first workload of each namespace is the rehearsal, and the others follow when its new pod has come out right',
    made: 'API server and Temporal: ValidatingAdmissionPolicy on `ownerReferences`, a whole rotation',
    see: byFirstWorkload,
  },
  {
    report: 2,
    have: 'the same policy, and an injector that hands out the old bundle',
    does: 'rolls one workload of each namespace, finds its new pod wrong, leaves the others alone and asks (`FirstNotProven`); after `retry` it goes on',
    made: 'API server and Temporal: the same, and an injector whose mounted bundle is of before',
    see: firstComesBackWrong,
  },
  {
    report: 2,
    have: 'pod security `restricted` on namespace `reroot-rehearsal`, without the CNI plugin',
    does: 'warns with the words of pod security (`RehearsalRefused`)',
    made: 'API server: label `pod-security.kubernetes.io/enforce` of the namespace',
    sample: true,
    see: async () =>
      await labelled(
        OWN,
        { 'pod-security.kubernetes.io/enforce': 'restricted' },
        async () => await isRefused('violates PodSecurity'),
      ),
  },
  {
    report: 2,
    have: 'the same, and a person with the rights of an admin',
    does: 'rehearses in a namespace that has meshed pods: nothing to do',
    made: 'API server: the same, with a kubeconfig of the admin',
    see: async () =>
      await labelled(
        OWN,
        { 'pod-security.kubernetes.io/enforce': 'restricted' },
        async () => await isAllRight(preflightAsAdmin),
      ),
  },
  {
    report: 2,
    have: 'a ResourceQuota that asks every container for limits',
    does: 'warns with the words of the quota (`RehearsalRefused`)',
    made: 'API server: ResourceQuota on `limits.cpu` in `reroot-rehearsal`',
    see: async () => await quota({ 'limits.cpu': '10' }, async () => await isRefused('must specify limits.cpu')),
  },
  {
    report: 2,
    have: 'the same quota, and a LimitRange with defaults',
    does: 'rehearses: the API server gives the pod its limits',
    made: 'API server: ResourceQuota and LimitRange',
    see: async () =>
      await quota({ 'limits.cpu': '10' }, isAllRight, { _default: { cpu: '100m' }, defaultRequest: { cpu: '10m' } }),
  },
  {
    report: 2,
    have: 'a webhook that refuses every pod it does not know',
    does: 'warns with the words of the webhook (`RehearsalRefused`)',
    made: 'API server: ValidatingWebhookConfiguration of an HTTPS server of the test',
    see: async () =>
      await underWebhook(
        'pods.policies.example.com',
        { says: 'ask the platform team' },
        async () => await isRefused('"pods.policies.example.com" denied the request: ask the platform team'),
      ),
  },
  {
    report: 2,
    have: 'a webhook that takes part in no dry run',
    does: 'the same',
    made: 'API server: one whose server refuses every request with `dryRun`',
    see: async () =>
      await underWebhook(
        'audit.policies.example.com',
        { says: 'this audit takes no dry runs', takes: 'all but dry runs' },
        async () => await isRefused('this audit takes no dry runs'),
      ),
  },
  {
    report: 2,
    have: 'a policy engine that is away, and refuses what it cannot judge',
    does: 'warns that its webhook cannot be called (`RehearsalRefused`): not the injector is named, but the engine',
    made: 'API server: ValidatingWebhookConfiguration with an address where nobody listens, `failurePolicy: Fail`',
    see: async () =>
      await underWebhook(
        'away.policies.example.com',
        { says: 'never asked', url: 'https://localhost:1/' },
        async () => await isRefused('failed calling webhook "away.policies.example.com"'),
      ),
  },
  {
    report: 2,
    have: 'an injector that cannot be asked',
    does: 'blocks: `InjectionBroken`, as ever',
    made: 'API server: the webhook of the injector with an address where nobody listens, `failurePolicy: Fail`',
    see: async () =>
      await injectorChanged({ failurePolicy: 'Fail', clientConfig: { url: 'https://localhost:1/' } }, async () => {
        const result = await impatientPreflight();
        const finding = found(result, 'InjectionBroken');
        expect(finding).toMatchObject({ severity: 'block' });
        expect(result.code).not.toBe(0);
        return said(finding);
      }),
  },
  {
    report: 6,
    have: 'an injector that selects namespaces by a label, which `reroot-rehearsal` has not',
    does: 'warns that the webhook leaves it out (`RehearsalRefused`); with the rights of an admin it rehearses where the webhook applies',
    made: 'API server: `namespaceSelector` of the MutatingWebhookConfiguration',
    see: async () =>
      await labelled('shop', { mesh: 'yes' }, async () =>
        injectorChanged({ namespaceSelector: { matchLabels: { mesh: 'yes' } } }, async () => {
          const refused = await isRefused(`leaves namespace ${OWN} out`);
          return `${refused}; as admin: ${await isAllRight(preflightAsAdmin)}`;
        }),
      ),
  },
  {
    report: 6,
    have: 'webhooks off in the first meshed namespace (label `config.linkerd.io/admission-webhooks: disabled`)',
    does: 'rehearses where the webhook applies: nothing to do',
    made: 'API server: the label on `reroot-rehearsal` and `payments`, as admin',
    see: async () =>
      await labelled(OWN, OFF, async () => labelled('payments', OFF, async () => await isAllRight(preflightAsAdmin))),
  },
  {
    report: 6,
    have: 'pods injected by hand in `kube-system`, which the webhook leaves out by its name',
    does: 'rehearses where the webhook applies: nothing to do',
    made: 'API server: a Deployment with a proxy in its template, in `kube-system`, as admin',
    see: async () =>
      await labelled(
        OWN,
        OFF,
        async () => await injectedByHand('kube-system', async () => await isAllRight(preflightAsAdmin)),
      ),
  },
  {
    report: 6,
    have: 'an injector that selects pods by a label',
    does: 'rehearses with the labels of a meshed pod: nothing to do',
    made: 'API server: `objectSelector` of the MutatingWebhookConfiguration',
    see: async () =>
      await injectorChanged({ objectSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }, isAllRight),
  },
  {
    report: 6,
    have: 'an injector whose `matchConditions` leave pods out',
    does: 'warns: only the API server can judge them (`RehearsalRefused`)',
    made: 'API server: `matchConditions` of the MutatingWebhookConfiguration',
    see: async () =>
      await injectorChanged(
        { matchConditions: [{ name: 'not-here', expression: `request.namespace != '${OWN}'` }] },
        async () => await isRefused('matchConditions'),
      ),
  },
  {
    report: 5,
    have: 'a pod that is just starting',
    does: 'warns, and does not wait for it: the gates do',
    made: 'API server: a Deployment whose proxy has no certificate yet',
    see: async () =>
      await withPod('young', {}, async (pod) => {
        await kubeletSays(pod, 'containerStatuses', { name: 'app', reason: 'ContainerCreating' });
        return await isUnread(await preflight(), pod, '');
      }),
  },
  {
    report: 5,
    have: 'a pod whose init container crashes again and again',
    does: 'warns in the words of the kubelet; the gates wait for it, and ask after `rollout.stuckAfter`',
    made: 'API server: a Deployment, and the status that a kubelet writes (`CrashLoopBackOff`)',
    sample: true,
    see: async () =>
      await withPod('crashing', {}, async (pod) => {
        await kubeletSays(pod, 'initContainerStatuses', { name: 'migrate', reason: 'CrashLoopBackOff' });
        await grownOlder(pod);
        return await isUnread(await impatientPreflight(), pod, 'container migrate: CrashLoopBackOff');
      }),
  },
  {
    report: 5,
    have: 'a pod whose image cannot be pulled',
    does: 'the same',
    made: 'API server: a Deployment, and the status that a kubelet writes (`ImagePullBackOff`)',
    see: async () =>
      await withPod('pulling', {}, async (pod) => {
        await kubeletSays(pod, 'containerStatuses', { name: 'app', reason: 'ImagePullBackOff' });
        await grownOlder(pod);
        return await isUnread(await impatientPreflight(), pod, 'container app: ImagePullBackOff');
      }),
  },
  {
    report: 5,
    have: 'a pod that fits on no node',
    does: 'the same, in the words of the scheduler',
    made: 'API server and scheduler: a Deployment with a `nodeSelector` that no node has',
    see: async () =>
      await withPod('homeless', { nodeSelector: { disk: 'golden' } }, async (pod) => {
        await grownOlder(pod);
        return await isUnread(await impatientPreflight(), pod, 'nodes are available');
      }),
  },
  {
    report: 5,
    have: 'a pod that is ready, and whose proxy answers nobody',
    does: 'blocks: nobody knows what it trusts; `waive` it, or repair it',
    made: 'API server: pods of `shop` whose admin ports close every connection',
    see: async () => {
      await mesh.setFaults({ unreachable: ['shop/web'] });
      try {
        const result = await impatientPreflight();
        const finding = found(result, 'ProxyUnreadable');
        expect([finding.severity, finding.subject.workload]).toEqual(['block', 'shop/Deployment/web']);
        expect(result.code).not.toBe(0);
        return said(finding);
      } finally {
        await mesh.setFaults({});
      }
    },
  },
];

const OFF = { 'config.linkerd.io/admission-webhooks': 'disabled' };

/** A warning about that pod, with these words; nothing of it blocks. */
async function isUnread(
  { code, findings }: Awaited<ReturnType<typeof preflight>>,
  pod: string,
  words: string,
): Promise<string> {
  const ofPod = findings.filter(({ subject }) => subject.name === pod);
  const finding = found({ findings: ofPod }, 'ProxyUnreadable');
  expect(finding.severity).toBe('warn');
  expect(finding.message).toContain(words);
  expect(code, findings.map(said).join('\n')).toBe(0);
  return said(finding);
}
