export { rotateTrustRoot } from './rotate-trust-root.js';
