import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { cliProgram, type SandboxFacts, startWorkerProcess } from '../kit/index.js';
import { type Demo, WORKFLOW_ID, workflowUrl } from './options.js';

/** Keeps the sandbox and a worker until ctrl-C, so that what is tried in it goes on. */
export async function keep(demo: Demo): Promise<void> {
  const worker = startWorkerProcess(demo.sandbox);
  demo.out.write(keepText(demo.sandbox, { program: cliProgram(), url: workflowUrl(demo) }));
  await signalled();
  demo.out.write('\nThe worker and the sandbox end.\n');
  await worker.stop();
}

/** @param program the `reroot` of this repository */
export function keepText(sandbox: SandboxFacts, { program, url }: { program: string; url: string }): string {
  const { kubeconfig, temporal, folder } = sandbox;
  const reroot = `node ${program}`;
  const rows: [string, string][] = [
    ['how that one ended', `${reroot} status --workflow-id ${WORKFLOW_ID}`],
    ['another rotation', `${reroot} rotate --strategy standard`],
    ['where it stands', `${reroot} status`],
    ['go on, or back', `${reroot} approve    ${reroot} abort`],
  ];
  return [
    '',
    pc.bold('Everything stays up until ctrl-C: the mesh, Temporal and a worker. In another terminal:'),
    '',
    `  export KUBECONFIG=${kubeconfig} TEMPORAL_ADDRESS=${temporal.address} REROOT_REACH=address`,
    '',
    ...rows.map(([what, command]) => `  ${pc.dim(what.padEnd(19))} ${command}`),
    '',
    `  ${pc.dim('Temporal UI'.padEnd(19))} ${url}`,
    `  ${pc.dim('logs'.padEnd(19))} ${folder}`,
    '',
  ].join('\n');
}

async function signalled(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const aMonth = 2_000_000_000; // what setTimeout can count
  while (!stop.signal.aborted) await sleep(aMonth, undefined, { signal: stop.signal }).catch(() => undefined);
}
