import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { storedReport, type StoredReport } from '../../../activities/kit/stored-report.js';
import packageJson from '../../../package.json' with { type: 'json' };
import { clusterAccess } from '../../../worker/access.js';
import { reportDigest } from '../../evidence/canonical.js';
import { fileText, type ReportFile } from '../../evidence/file.js';
import { overviewOf } from '../../evidence/overview.js';
import { verifyReport } from '../../evidence/verify.js';
import { plain } from '../../ground/plain.js';
import { present } from '../../ground/present.js';
import { keptSamples } from '../../operate/timeline-kept.js';
import { renderReport } from '../../picture/report.js';
import type { Sample } from '../../rotation/census.js';
import { CliError, EXIT } from '../exit-codes.js';
import { defaultCluster, workerEnvironment } from '../options/common.js';
import { configured } from '../options/worker.js';
import { type Compared, comparedWithTemporal } from '../session/digest.js';
import { otherwiseText } from '../session/from-cluster.js';
import { auditText } from '../view/audit.js';
import { proxyRows } from '../view/report-rows.js';

interface ReportOptions {
  cluster: string;
  workflowId?: string;
  kubeconfig?: string;
  context?: string;
  output: 'text' | 'json' | 'html';
  file?: string;
}

export function addReportCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command('report')
    .description('show the report of the last rotation: who, what, when, and the evidence of every proxy')
    .option('--cluster <name>', 'the cluster, as `rotate` and its workers name it (REROOT_CLUSTER)', defaultCluster())
    .option('--workflow-id <id>', 'refuse the report of another rotation than this')
    .option('--kubeconfig <file>', 'kubeconfig (default: those that KUBECONFIG lists, ~/.kube/config, in-cluster)')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(
      new Option('-o, --output <format>', 'json: the file that `reroot verify` takes; html: a page of its own')
        .choices(['text', 'json', 'html'])
        .default('text'),
    )
    .option('--file <name>', 'write it there, and not to stdout')
    .action(async (options: ReportOptions) => done(await showReport(options)));
}

async function showReport(options: ReportOptions): Promise<number> {
  const { kubeconfig, context } = options;
  const env = workerEnvironment(present({ kubeconfig, context }), process.env);
  const { k8s } = clusterAccess(configured(env), env);
  const stored = await storedReport(k8s);
  const file = wanted(stored, options);
  const problems = [...stored.problems, ...digestProblem(file)];
  const compared = await comparedWithTemporal(file.report, process.env);
  const timeline = options.output === 'html' ? await keptSamples(k8s, file.report) : [];
  const text = shown({ file, problems, compared, timeline }, stored, options);
  if (options.file === undefined) process.stdout.write(text);
  else {
    writeFileSync(options.file, text);
    process.stdout.write(`${plain(options.file)}: digest ${file.report.digest ?? 'none'}\n`);
  }
  if (options.output === 'json' || options.file !== undefined) process.stderr.write(`${compared.text}\n`);
  for (const problem of problems) process.stderr.write(`${plain(problem, 600)}\n`);
  return problems.length > 0 || compared.matches === false ? EXIT.failed : EXIT.ok;
}

/** @throws CliError with what there is instead */
function wanted({ records, file }: StoredReport, { workflowId }: ReportOptions): ReportFile {
  if (file && (workflowId === undefined || file.report.workflowId === workflowId)) return file;
  throw new CliError(`there is no report of ${workflowId ?? 'a rotation'}. ${otherwiseText(records)}`);
}

function digestProblem({ report }: ReportFile): string[] {
  if (report.digest === undefined || report.digest === reportDigest(report)) return [];
  return ['The report is not as it was written: its digest is another.'];
}

/** What there is to show. */
interface Shown {
  file: ReportFile;
  problems: string[];
  compared: Compared;
  timeline: Sample[];
}

function shown(
  { file, problems, compared, timeline }: Shown,
  { records }: StoredReport,
  { output }: ReportOptions,
): string {
  if (output === 'json') return fileText(file);
  if (output === 'text') return `${auditText(file, { compared: compared.text, problems })}\n`;
  const { version } = packageJson;
  const overview = overviewOf(file, { apiServer: records.apiServer, version, timeline });
  const { checks } = verifyReport(Buffer.from(fileText(file)));
  const { report, evidence } = file;
  return renderReport({ report, overview, checks, proxies: proxyRows(evidence), compared: compared.text });
}
