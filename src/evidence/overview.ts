import { censusOf } from '../rotation/census.js';
import type { ProxyObservation } from '../ground/mesh.js';
import type { CertificateSeen, Overview } from '../rotation/overview.js';
import { certificatesOf } from './certificates.js';
import type { ReportFile } from './file.js';
import type { ProxyLine } from './lines.js';
import { isOfProxy } from './summary.js';
import { verifiedWith } from './verify.js';

/** What the page shows of a cluster, as far as a report with its evidence tells it. */
export function overviewOf(
  { report, evidence }: ReportFile,
  { apiServer, version, timeline }: Pick<Overview, 'apiServer' | 'version' | 'timeline'>,
): Overview {
  const { cluster, linkerdNamespace, finishedAt } = report;
  const [beginning] = evidence;
  const base: Overview = {
    ...{ at: finishedAt, cluster, apiServer, version, linkerdNamespace, timeline, report, problems: [] },
    certificates: certificatesSeen(report),
  };
  if (beginning?.kind !== 'rotation') return base;
  const roots = { old: report.oldRoots.map(({ fingerprint }) => fingerprint), new: report.newRoot.fingerprint };
  const found = certificatesOf(evidence);
  const proxies = evidence.filter(isOfProxy).map(({ namespace, pod, uid, ...line }): ProxyObservation => {
    const observed: ProxyObservation = {
      ...{ namespace, pod, uid, ready: true, terminating: false },
      workload: { namespace, kind: '', name: line.workload },
    };
    return line.kind === 'proxy' ? { ...observed, ...shown(line, [roots.new, ...roots.old], found) } : observed;
  });
  const seconds = (Date.parse(beginning.to) - Date.parse(beginning.from)) / 1000;
  return { ...base, mesh: { at: beginning.from, seconds, namespaces: censusOf(proxies, roots), stale: [] } };
}

function shown(
  { anchors, chain }: Pick<ProxyLine, 'anchors' | 'chain'>,
  roots: readonly string[],
  found: ReturnType<typeof certificatesOf>,
): Pick<ProxyObservation, 'anchors' | 'leaf'> {
  const leaf = chain && {
    ...{ chain: chain.certificates, verifiesWith: verifiedWith(chain, roots, found) },
    ...{ notBefore: chain.at, notAfter: chain.at },
  };
  return { ...(anchors ? { anchors: anchors.certificates } : {}), ...(leaf ? { leaf } : {}) };
}

/** Those that are in use after the rotation. */
function certificatesSeen({ outcome, newRoot, newIssuer, oldRoots }: ReportFile['report']): CertificateSeen[] {
  const isBack = outcome === 'aborted' && oldRoots.length > 0;
  const anchors = isBack ? oldRoots : [newRoot];
  const issuer = newIssuer && outcome === 'completed' ? [{ ...newIssuer, kind: 'issuer' as const }] : [];
  return [...anchors.map((root) => ({ ...root, kind: 'anchor' as const, role: 'inUse' as const })), ...issuer];
}
