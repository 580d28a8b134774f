import type { RotationReport } from '../rotation/report.js';
import { type Check, check, counted } from './checks.js';
import { short } from './judge.js';
import { type BeginningLine, type EvidenceLine, type LineOfProxy, nameOfProxy } from './lines.js';

/** The evidence is about the rotation that the report is about, and about the roots that this says. */
export function sameRotation(report: RotationReport, beginning: BeginningLine): Check {
  const { outcome, workflowId, runId, cluster, newRoot, oldRoots } = report;
  const isBack = outcome === 'aborted';
  const starts = oldRoots.map(({ fingerprint }) => fingerprint);
  const [roots, retired] =
    starts.length === 0
      ? [[newRoot.fingerprint], []]
      : isBack
        ? [starts, [newRoot.fingerprint]]
        : [[newRoot.fingerprint], starts];
  const same = { outcome, workflowId, runId, cluster };
  const problems = [
    ...Object.entries(same).flatMap(([name, value]) => {
      const said = beginning[name as keyof typeof same];
      return said === value ? [] : [`${name} is ${value} in the report, and ${said} in the evidence`];
    }),
    ...(roots.includes(beginning.root)
      ? []
      : [`the evidence is about root ${short(beginning.root)}, the report is not`]),
    ...(sameSet(retired, beginning.retired) ? [] : ['the evidence is about other retired roots than the report']),
  ];
  return check('SameRotation', `report and evidence are about run ${runId} of workflow ${workflowId}`, problems);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
}

/** Every live proxy that was listed at the end is proven, waived by a person, or was on its way out. */
export function nothingMissing(
  report: RotationReport,
  { listed }: BeginningLine,
  evidence: readonly EvidenceLine[],
): Check {
  const lines = evidence.filter((line) => line.kind !== 'rotation' && line.kind !== 'certificate');
  const of = (kind: LineOfProxy['kind']) => lines.filter((line) => line.kind === kind);
  const leaving = of('unseen').filter(({ terminating }) => terminating);
  const total = listed.reduce((sum, { proxies }) => sum + proxies, 0);
  const parts = [
    `${of('proxy').length} looked at`,
    ...(of('waived').length > 0 ? [`${of('waived').length} waived`] : []),
    ...(leaving.length > 0 ? [`${leaving.length} being deleted`] : []),
  ];
  return check(
    'NothingMissing',
    `${counted(total, 'live proxy', 'live proxies')} in ${counted(listed.length, 'namespace')} at the end: ${parts.join(', ')} ` +
      `(the last gate had proven ${report.proxiesProven})`,
    [...unseen(lines), ...unwaived(lines, report), ...countsOf(lines, listed), ...twice(lines)],
  );
}

function unseen(lines: readonly LineOfProxy[]): string[] {
  return lines.flatMap((line) =>
    line.kind === 'unseen' && !line.terminating ? [`${nameOfProxy(line)}: not looked at: ${line.because}`] : [],
  );
}

function unwaived(lines: readonly LineOfProxy[], { waivers }: RotationReport): string[] {
  const waived = new Set(waivers.map(({ subject }) => subject));
  return lines.flatMap((line) =>
    line.kind === 'waived' && !waived.has(line.waiver)
      ? [`${nameOfProxy(line)}: nobody has waived ${line.waiver}`]
      : [],
  );
}

function countsOf(lines: readonly LineOfProxy[], listed: BeginningLine['listed']): string[] {
  const wanted = new Map(listed.map(({ namespace, proxies }) => [namespace, proxies]));
  const found = new Map<string, number>();
  for (const { namespace } of lines) found.set(namespace, (found.get(namespace) ?? 0) + 1);
  return [...new Set([...wanted.keys(), ...found.keys()])].flatMap((namespace) => {
    const [want = 0, have = 0] = [wanted.get(namespace), found.get(namespace)];
    return want === have ? [] : [`namespace ${namespace}: ${want} proxies were listed, and ${have} are accounted for`];
  });
}

function twice(lines: readonly LineOfProxy[]): string[] {
  const there = new Set<string>();
  return lines.flatMap((line) => {
    if (there.has(line.uid)) return [`${nameOfProxy(line)}: it is there twice`];
    there.add(line.uid);
    return [];
  });
}
