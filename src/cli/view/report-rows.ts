import type { EvidenceLine, LineOfProxy } from '../../evidence/lines.js';
import { isOfProxy } from '../../evidence/summary.js';
import type { ProxyRow } from '../../picture/report.js';

/** Every proxy of the evidence, as a table shows it. */
export function proxyRows(evidence: readonly EvidenceLine[]): ProxyRow[] {
  return evidence.filter(isOfProxy).map((line) => {
    const { namespace, workload, pod, uid } = line;
    const { anchors, chain } = line.kind === 'proxy' ? line : {};
    return {
      ...{ namespace, workload, pod, uid, how: howText(line) },
      ...{ anchors: anchors?.certificates ?? [], chain: chain?.certificates ?? [], at: chain?.at ?? anchors?.at ?? '' },
    };
  });
}

function howText(line: LineOfProxy): string {
  if (line.kind === 'waived') return `waived by ${line.by ?? 'the input'}: ${line.reason}`;
  if (line.kind === 'unseen') return `${line.terminating ? 'being deleted' : 'not looked at'}: ${line.because}`;
  if (line.unstarted) return 'not started';
  return line.anchors ? HOW[line.anchors.from] : 'looked at';
}

const HOW = {
  specification: 'looked at; anchors as its container was started with',
  process: 'looked at; anchors as its process says',
  startTime: 'looked at; anchors by the time of its start',
} as const;
