import { CancellationScope, isCancellation, log, sleep } from '@temporalio/workflow';
import { bridgeCheckInterval } from '../src/rotation/bridge-life.js';
import type { Rotation } from './rotation.js';
import { causeOf, stepsOn } from './steps.js';

/** The bridge certificate is short-lived, a rotation may not be: it is made anew in time, whatever else is waited for. */
export async function keepingBridge(rotation: Rotation, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope({ cancellable: true });
  const keeping = scope.run(async () => await keepBridge(rotation));
  keeping.catch(() => undefined); // it ends with its cancellation
  try {
    await work();
  } finally {
    scope.cancel();
  }
}

async function keepBridge({ mesh, input, status }: Rotation): Promise<void> {
  const { quick } = stepsOn(status.cluster);
  for (;;) {
    await sleep(bridgeCheckInterval(mesh.leafLifeMs), { summary: 'until the bridge certificate is looked at again' });
    try {
      status.bridgeNotAfter = (await quick.keepBridge(input)).notAfter;
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the bridge certificate could not be looked after; it is tried again', causeOf(error));
    }
  }
}
