import { rootName, type Target } from '../ground/mesh.js';
import type { Row } from './courses/course.js';
import type { Finding } from './findings.js';

/** What somebody has put back in a bundle that the rotation wrote; undefined: it stands. */
export function bundleReverted(
  anchors: readonly string[],
  { root, retired }: Target,
  row: Pick<Row, 'retired'>,
): string | undefined {
  if (!anchors.includes(root.fingerprint)) return `${rootName(root)} is gone from it`;
  const back = row.retired ? retired.find(({ fingerprint }) => anchors.includes(fingerprint)) : undefined;
  return back && `${rootName(back)} is in it again`;
}

/** Whether a bundle shows that the way back is over: the target is in it, and nothing retired is. */
export function isPast(anchors: readonly string[], { root, retired }: Target): boolean {
  if (retired.length === 0 || !anchors.includes(root.fingerprint)) return false;
  return !retired.some(({ fingerprint }) => anchors.includes(fingerprint));
}

/** The field manager of Helm. */
const BY_HELM = /^helm at /i;
const HELM_HINT =
  'a `helm upgrade` had old values: run it with those that `reroot values` prints, or not at all, then `resume`';

/** cert-manager has renewed a Certificate in the middle: nobody has to be asked, because it has its place. */
export function renewed(object: string, what: string): Finding {
  return {
    reason: 'Renewed',
    severity: 'block',
    message: `cert-manager has renewed it meanwhile: ${what}`,
    subject: { kind: 'object', name: object },
    hint: 'nothing to do: the rotation takes it up, or puts back what is needed',
  };
}

/**
 * Another writer has put something back; nothing is rolled while that is so. What an earlier run of reroot wrote (the run was
 * reset, or another rotation's remains are adopted) is nobody's fault: it is written again.
 * @param writer who wrote the object last; undefined: reroot itself
 */
export function reverted(object: string, what: string, writer: string | undefined): Finding {
  const subject = { kind: 'object' as const, name: object };
  if (writer === undefined) {
    return {
      reason: 'Behind',
      severity: 'block',
      message: `${what}; an earlier run of reroot wrote it last`,
      subject,
      hint: 'nothing to do: it is written again',
    };
  }
  return {
    reason: 'Reverted',
    severity: 'block',
    message: `${what}; last written by ${writer}`,
    subject,
    hint: BY_HELM.test(writer) ? HELM_HINT : 'stop that writer (or change what it writes from), then `resume`',
  };
}

/** The same of what somebody else writes: they are asked for it again, and nothing is paused. */
export function handOffUndone(object: string, what: string, writer: string | undefined): Finding {
  return {
    reason: 'HandOffUndone',
    severity: 'block',
    message: `${what}; last written by ${writer ?? 'reroot'}`,
    subject: { kind: 'object', name: object },
    hint: 'put it back as `reroot hand-off` prints it: the rotation goes on by itself',
  };
}
