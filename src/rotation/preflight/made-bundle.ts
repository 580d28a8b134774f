import type { Finding } from '../findings.js';
import { drivenIn } from './cert-manager.js';
import type { MadeBundleFacts, PreflightObservation, RenewedFacts } from './observation.js';

/** A bundle that is made of the root's Secret and one more: what it needs for two roots at a time. */

/** trust-manager writes nothing while a source is missing, and drops the old root at once where it has no source of its own. */
export function bundleWithoutSlot(observation: PreflightObservation): Finding[] {
  const { root, facts: { bundle } = {} } = drivenIn(observation) ?? {};
  if (!root || !bundle || observation.owners.bundle.kind !== 'certManager') return [];
  if (bundle.missing.length > 0) return [sourceMissing(bundle, root)];
  return bundle.previous === undefined ? [oneSource(bundle, root)] : [];
}

function sourceMissing({ by, missing, previous }: MadeBundleFacts, root: RenewedFacts): Finding {
  const isRoots = missing.includes(root.secret) || previous === undefined;
  return {
    reason: 'BundleSourceMissing',
    severity: 'block',
    message: `its source ${missing.join(', ')} does not exist, and it writes nothing while that is so`,
    subject: { kind: 'object', name: by },
    hint: isRoots ? `repair ${root.name}, which writes it` : `make it a copy of the root's: ${copyOf(root, previous)}`,
  };
}

function oneSource(bundle: MadeBundleFacts, root: RenewedFacts): Finding {
  const [namespace = ''] = root.secret.split('/');
  const copy = copyOf(root, `${namespace}/${USUAL_PREVIOUS}`);
  const [only, also] = bundle.byLabels
    ? [
        'its only source that can be seen',
        'if a Secret with the labels of its sources holds the previous root, let reroot read and write it (its name goes into ' +
          'deploy/rbac/cert-manager-renew.yaml and deploy/policy.yaml); or else ',
      ]
    : ['its only source', ''];
  return {
    reason: 'BundleWithoutSlot',
    severity: 'block',
    message: `${only} is Secret ${root.secret}: a renewal of the root would take the old one out at once`,
    subject: { kind: 'object', name: bundle.by },
    hint:
      `${also}give it a source for the previous root, as Linkerd's guide has it: ${copy}; then ${addSource(bundle)}. ` +
      'Or say `owners`: `bundle` and `issuer` `handOff`',
  };
}

/** As Linkerd's guide names it ("Automatically Rotating Control Plane TLS Credentials"). */
const USUAL_PREVIOUS = 'linkerd-previous-anchor';

/** `kubectl` with a pipe: a copy of the root's Secret under another name. */
function copyOf({ secret }: RenewedFacts, copy: string): string {
  const [namespace = '', from = ''] = secret.split('/');
  const [, to = ''] = copy.split('/');
  const fields = `{apiVersion, kind, type, data, metadata: {name: "${to}", namespace: "${namespace}"}}`;
  return `\`kubectl get secret -n ${namespace} ${from} -o json | jq '${fields}' | kubectl apply -f -\``;
}

function addSource({ by, key }: MadeBundleFacts): string {
  const [kind = '', name = ''] = by.split(' ');
  const isOld = kind === 'Bundle';
  const reference = { name: USUAL_PREVIOUS, key };
  const value = isOld ? { secret: reference } : { kind: 'Secret', ...reference };
  const patch = [{ op: 'add', path: `/spec/${isOld ? 'sources' : 'sourceRefs'}/-`, value }];
  return `\`kubectl patch ${kind.toLowerCase()} ${name} --type json -p '${JSON.stringify(patch)}'\``;
}
