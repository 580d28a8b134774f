import { condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';

/** Workflow code of a version that never was: the same workflow type, other steps. */
export async function rotateTrustRoot(): Promise<void> {
  for (const name of ['approve', 'pause', 'resume', 'waive', 'abort'])
    setHandler(defineUpdate<string, [unknown]>(name), () => `another version heard ${name}`);
  const { stepOfAnotherVersion } = proxyActivities({ startToCloseTimeout: '1 day' });
  await stepOfAnotherVersion?.();
  await condition(() => false);
}
