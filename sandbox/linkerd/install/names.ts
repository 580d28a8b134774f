export const LINKERD_NAMESPACE = 'linkerd';
export const CONTROL_PLANE_LABEL = { 'linkerd.io/control-plane-ns': LINKERD_NAMESPACE } as const;
export const TRUST_ROOTS = 'linkerd-identity-trust-roots';
export const TRUST_ROOTS_KEY = 'ca-bundle.crt';
export const LINKERD_CONFIG = 'linkerd-config';
export const ISSUER_SECRET = 'linkerd-identity-issuer';

/** The labels of what belongs to a component of the control plane; its Deployment selects by them. */
export function componentLabels(component: string): Record<string, string> {
  return { 'linkerd.io/control-plane-component': component, ...CONTROL_PLANE_LABEL };
}

/** The metadata of an object in the Linkerd namespace. */
export function metadataOf(name: string, component: string) {
  return { name, namespace: LINKERD_NAMESPACE, labels: componentLabels(component) };
}
