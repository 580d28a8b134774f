import type { V1MutatingWebhook } from '@kubernetes/client-node';
import type { Kubernetes } from '../../kubernetes/client.js';
import { selectorText } from '../../kubernetes/selector.js';
import { INJECTOR_WEBHOOK, INJECTOR_WEBHOOK_NAME } from '../names.js';

/** By what the API server asks the injector about new pods; undefined: there is no such configuration. */
export async function injectorWebhook({
  admission,
}: Pick<Kubernetes, 'admission'>): Promise<V1MutatingWebhook | undefined> {
  const fieldSelector = `metadata.name=${INJECTOR_WEBHOOK}`;
  const { items } = await admission.listMutatingWebhookConfiguration({ fieldSelector });
  const webhooks = items[0]?.webhooks ?? [];
  return webhooks.find(({ name }) => name === INJECTOR_WEBHOOK_NAME) ?? webhooks[0];
}

/**
 * Whether the webhook is about the pods of a namespace: by its label (`config.linkerd.io/admission-webhooks: disabled`), by its
 * name (kube-system, cert-manager; linkerd2 charts, proxy-injector-rbac.yaml), by whatever else the selector says. Its pods come
 * without a proxy whatever the injector does.
 * @returns `certain`: no conditions in CEL decide beside the selector
 */
export async function injectorSelects(
  k8s: Pick<Kubernetes, 'core' | 'admission'>,
  namespace: string,
): Promise<{ namespace: boolean; certain: boolean }> {
  const webhook = await injectorWebhook(k8s);
  const certain = (webhook?.matchConditions ?? []).length === 0;
  const labelSelector = selectorText(webhook?.namespaceSelector ?? {});
  if (labelSelector === '') return { namespace: true, certain };
  const only = { fieldSelector: `metadata.name=${namespace}`, labelSelector };
  return { namespace: (await k8s.core.listNamespace(only)).items.length > 0, certain };
}
