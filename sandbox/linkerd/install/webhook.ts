import type { KubernetesObject } from '../../cluster/objects.js';
import { componentLabels } from './names.js';
import type { InjectorWebhook } from './options.js';

/** By this the API server asks the injector about every pod that is to be created. */
export function injectorWebhook({ url, caBundle }: InjectorWebhook): KubernetesObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'linkerd-proxy-injector-webhook-config', labels: componentLabels('proxy-injector') },
    webhooks: [
      {
        name: 'linkerd-proxy-injector.linkerd.io',
        namespaceSelector: {
          matchExpressions: [
            { key: 'config.linkerd.io/admission-webhooks', operator: 'NotIn', values: ['disabled'] },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'cert-manager'] },
          ],
        },
        // a Service that selects pods on loopback addresses has no endpoints: the URL plays the Service
        clientConfig: { url: `${url}/`, caBundle },
        failurePolicy: 'Ignore',
        admissionReviewVersions: ['v1'],
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' },
        ],
        sideEffects: 'None',
        timeoutSeconds: 10,
      },
    ],
  };
}
