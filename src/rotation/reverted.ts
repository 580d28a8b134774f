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

/** Another writer has put something back; nothing is rolled while that is so. */
export function reverted(object: string, what: string, writer: string): Finding {
  return {
    reason: 'Reverted',
    severity: 'block',
    message: `${what}; last written by ${writer}`,
    subject: { kind: 'object', name: object },
    hint: 'stop that writer (or change what it writes from), then `resume`',
  };
}
