/** Names that Linkerd gives to things, each in one place. */

export const CONTROL_PLANE_NS_LABEL = 'linkerd.io/control-plane-ns';
export const COMPONENT_LABEL = 'linkerd.io/control-plane-component';
export const IS_CONTROL_PLANE_LABEL = 'linkerd.io/is-control-plane';
export const EXTENSION_LABEL = 'linkerd.io/extension';
export const VERSION_LABEL = 'app.kubernetes.io/version';
/** On pod templates of the control plane: of the anchors in the values that they were rendered from (linkerd2#9118). */
export const ANCHORS_HASH = 'linkerd.io/trust-root-sha256';
export const INJECT_ANNOTATION = 'linkerd.io/inject';
export const CREATED_BY_ANNOTATION = 'linkerd.io/created-by';

export const PROXY_CONTAINER = 'linkerd-proxy';
export const IDENTITY_CONTAINER = 'identity';
export const ANCHORS_VARIABLE = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';
export const IDENTITY_VARIABLE = 'LINKERD2_PROXY_IDENTITY_LOCAL_NAME';
/** Its proxy takes no part in mTLS (linkerd2 charts until 2.11, `_proxy.tpl`; later proxies refuse to start with it). */
export const IDENTITY_DISABLED_VARIABLE = 'LINKERD2_PROXY_IDENTITY_DISABLED';
/** Where the proxy listens for its admin port: `0.0.0.0:4191`, `[::]:4191` (charts/partials/templates/_proxy.tpl). */
export const ADMIN_ADDRESS_VARIABLE = 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR';
export const ADMIN_PORT_NAME = 'linkerd-admin';
/** Unless `config.linkerd.io/admin-port` says another. */
export const ADMIN_PORT = 4191;

export const IDENTITY_DEPLOYMENT = 'linkerd-identity';
export const INJECTOR_DEPLOYMENT = 'linkerd-proxy-injector';
export const INJECTOR_WEBHOOK = 'linkerd-proxy-injector-webhook-config';
/** Of the one webhook in it (linkerd2 charts, proxy-injector-rbac.yaml). */
export const INJECTOR_WEBHOOK_NAME = 'linkerd-proxy-injector.linkerd.io';
export const TRUST_ROOTS = 'linkerd-identity-trust-roots';
export const TRUST_ROOTS_KEY = 'ca-bundle.crt';
export const LINKERD_CONFIG = 'linkerd-config';
export const OVERRIDES = 'linkerd-config-overrides';
export const ISSUER_SECRET = 'linkerd-identity-issuer';
