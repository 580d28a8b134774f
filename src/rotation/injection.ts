import { rootName, type Target } from '../ground/mesh.js';
import type { Row } from './courses/course.js';
import type { Finding } from './findings.js';

/** What is wrong with the anchors that a dry-run pod came back with, in a phase; undefined: nothing. */
export function injectedWrongly(
  anchors: readonly string[],
  { root, retired }: Target,
  row: Pick<Row, 'retired'>,
): string | undefined {
  if (!anchors.includes(root.fingerprint)) return `new pods would still be injected without ${rootName(root)}`;
  const left = row.retired ? retired.find(({ fingerprint }) => anchors.includes(fingerprint)) : undefined;
  return left && `new pods would still be injected with ${rootName(left)}`;
}

/** A dry run of a new meshed pod came back wrong. */
export function injectionBroken(namespace: string, problem: string): Finding {
  return {
    reason: 'InjectionBroken',
    severity: 'block',
    message: `a dry run of a new meshed pod in namespace ${namespace} came back wrong: ${problem}`,
    subject: { kind: 'cluster', name: 'linkerd-proxy-injector' },
    hint: "look at the linkerd-proxy-injector pods and the webhook's certificate",
  };
}

/** No namespace takes a dry run of a new meshed pod: something that judges pods says no, or cannot take part in dry runs. */
export function rehearsalRefused(namespace: string, refused: string): Finding {
  return {
    reason: 'RehearsalRefused',
    severity: 'warn',
    message: `no namespace takes a dry run of a new meshed pod, so the injector is not tried before pods are replaced; namespace ${namespace}: ${refused}`,
    subject: { kind: 'cluster', name: 'linkerd-proxy-injector' },
    hint:
      `let what the message names admit such pods in namespace ${namespace} (an exception in the policy, a label of the namespace, room in the quota). ` +
      'Without, the rotation rolls one workload of each namespace first, and the others when its new pod has come out right',
  };
}

/** Namespaces in which a new pod would be meshed: those that have meshed pods. */
export function rehearsalNamespaces(pods: readonly { namespace: string }[], controlPlane: string): string[] {
  const meshed = [...new Set(pods.map(({ namespace }) => namespace))].filter((namespace) => namespace !== controlPlane);
  return meshed.length > 0 ? meshed : ['default'];
}
