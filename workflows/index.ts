export { rotateIssuer } from './rotate-issuer.js';
export { rotateTrustRoot } from './rotate-trust-root.js';
export { watchTrustRoot } from './watch-trust-root.js';
