import { CancellationScope, condition } from '@temporalio/workflow';

/** Runs work that is cancelled as soon as something becomes true. */
export async function cancelWhen<T>(isTrue: () => boolean, work: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope({ cancellable: true });
  let over = false;
  const watcher = condition(() => over || isTrue()).then(
    () => {
      if (!over) scope.cancel();
    },
    () => undefined, // the whole workflow is being cancelled
  );
  try {
    return await scope.run(work);
  } finally {
    over = true;
    await watcher;
  }
}
