import pc from 'picocolors';
import { formatDuration } from '../../src/ground/duration.js';
import { COURSES } from '../../src/rotation/courses/index.js';
import { meshOptions, startSandbox } from '../kit/index.js';
import { keep } from './keep.js';
import { type Demo, readOptions } from './options.js';
import { rotate } from './rotate.js';

/** Leaves live this long where a strategy waits for their renewal: a day of real Linkerd, in under a minute. */
const SHORT_LEAVES = '40s';

const options = readOptions();
/** With --json, stdout carries the JSON line alone. */
const out = options.json ? process.stderr : process.stdout;

const exitCode = await demo().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
process.exit(exitCode); // its workers are leashed to it

async function demo(): Promise<number> {
  const title = `${pc.bold('reroot demo')}  ${pc.dim('a Kubernetes cluster, a Temporal server and a Linkerd mesh on this machine')}`;
  out.write(`${title}\n`);
  const booted = Date.now();
  const waits = COURSES[options.strategy].course.rows.some(({ by }) => by === 'wait');
  const sandbox = await startSandbox({
    ...meshOptions(options),
    apps: 'demo',
    kubeletLagMs: 2000,
    probeRate: 100,
    ...(waits ? { issuanceLifetime: SHORT_LEAVES } : {}),
    ...(options.chart ? { deploy: 'nothing' as const } : {}),
  });
  const issuing = options.certificates === 'cert-manager' ? ', cert-manager, trust-manager' : '';
  const servers = `etcd, kube-apiserver, controller-manager, scheduler, kwok, Temporal${issuing}`;
  out.write(`Sandbox up in ${formatDuration(Date.now() - booted)}: ${servers}\n`);
  const running: Demo = { options, sandbox, out };
  try {
    return await rotate(running);
  } finally {
    if (options.keep) await keep(running);
    await sandbox.stop();
  }
}
