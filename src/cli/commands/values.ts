import type { Command } from 'commander';
import { WorkflowNotFoundError } from '@temporalio/client';
import { helmNow } from '../../../activities/kit/helm-now.js';
import { clusterAccess } from '../../../worker/access.js';
import type { HelmUpgrade } from '../../ground/helm.js';
import { plainLines } from '../../ground/plain.js';
import type { RotationStatus } from '../../rotation/status.js';
import { CliError, EXIT } from '../exit-codes.js';
import { type ClusterOptions, withClusterOptions, workerEnvironment } from '../options/common.js';
import { configured } from '../options/worker.js';
import { isNoAnswer } from '../../temporal/answers.js';
import { findSession, rotationHandle } from '../session/connect.js';
import { isOver } from '../session/end.js';
import { machineText } from '../view/machine.js';

/** A worker that lives answers at once; what the cluster has says nearly the same. */
const ANSWER_MS = 10_000;

export function addValuesCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('values')
    .description('print the values with which `helm upgrade` leaves the certificates as they are');
  withClusterOptions(command).action(async (options: ClusterOptions) => done(await showValues(options)));
}

/**
 * While a rotation goes on: what it wrote last, also where somebody has put something back since. Else: what the cluster has.
 * @throws CliError where Helm renders no certificate
 */
async function showValues(options: ClusterOptions): Promise<number> {
  const { from, helm } = (await ofRotation(options)) ?? (await ofCluster(options));
  const text = machineText(helm, options.output) ?? valuesText(from, helm);
  process.stdout.write(`${text.trimEnd()}\n`);
  return EXIT.ok;
}

interface Found {
  /** For people. */
  from: string;
  helm: HelmUpgrade;
}

/** @returns undefined where none goes on, or it has written nothing yet, or nobody answers */
async function ofRotation(options: ClusterOptions): Promise<Found | undefined> {
  const session = await findSession(options.cluster, process.env);
  if (!session) return undefined;
  const handle = rotationHandle(session, options);
  try {
    if (isOver(await handle.describe())) return undefined;
    const ask = async () => await handle.query<RotationStatus>('status');
    const { helm, phase } = await handle.client.connection.withDeadline(Date.now() + ANSWER_MS, ask);
    return helm && { from: `what the rotation ${handle.workflowId} has written (phase ${phase})`, helm };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isNoAnswer(error)) return undefined;
    throw error;
  } finally {
    await session.close();
  }
}

async function ofCluster(options: ClusterOptions): Promise<Found> {
  const environment = workerEnvironment(options, process.env);
  const { k8s } = clusterAccess(configured(environment), process.env);
  const { linkerdNamespace, apiServer, helm } = await helmNow(k8s, options.linkerdNamespace);
  if (helm) return { from: `what namespace ${linkerdNamespace} at ${apiServer} has`, helm };
  throw new CliError(
    `Helm renders no certificate of the Linkerd in namespace ${linkerdNamespace}: it was installed in another way, or with ` +
      '`identity.externalCA` and an issuer Secret of somebody else. There is nothing to keep in step',
  );
}

/** Characters of a line of values: whatever a value is, it is not cut. */
const MOST_VALUES = 1_000_000;

/** A values file; what is no value stands in its comments. */
export function valuesText(from: string, { values, keyFlag }: HelmUpgrade): string {
  const lines = [
    `# Helm values of ${from}. With them this changes no certificate, and restarts nothing for one:`,
    `#   helm upgrade RELEASE CHART --reuse-values -f THIS-FILE${keyFlag ? ' \\' : ''}`,
    ...(keyFlag ? [`#     ${keyFlag}`] : []),
    '# Put them into the values that you keep, too.',
  ];
  return `${plainLines(lines.join('\n'))}\n${plainLines(values, MOST_VALUES)}`;
}
