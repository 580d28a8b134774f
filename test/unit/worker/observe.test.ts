import { CancelledFailure } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { readWorkerConfig } from '../../../worker/config.js';
import { createLog } from '../../../worker/log.js';
import { observerOf, stepTimer } from '../../../worker/observe.js';

it.each([
  ['ok', async () => await Promise.resolve('done')],
  ['failed', async () => await Promise.reject(new Error('no'))],
  ['cancelled', async () => await Promise.reject(new CancelledFailure('over'))],
])('a step is timed, and its end stays what it is: %s', async (outcome, step) => {
  const ends: unknown[] = [];
  const timer = stepTimer({ stepEnded: (...end) => void ends.push(end) });
  const context = { info: { activityType: 'checkGate' } } as never;
  const { execute } = timer(context).inbound as Required<ActivityInboundCallsInterceptor>;
  const [timed, untimed] = await Promise.allSettled([execute({} as ActivityExecuteInput, step), step()]);
  expect(timed).toEqual(untimed);
  expect(ends).toEqual([['checkGate', outcome, expect.any(Number)]]);
});

it('nobody looks where no address is given', () => {
  const log = createLog('error');
  expect(observerOf(readWorkerConfig({}), log)).toBeUndefined();
  expect(observerOf(readWorkerConfig({ REROOT_HTTP_ADDRESS: '127.0.0.1:0' }), log)).toBeDefined();
});

it('what it is told by its environment is checked, and a webhook’s address is not repeated', () => {
  const wrong = { REROOT_HTTP_ADDRESS: '8080', REROOT_LOOK_INTERVAL_S: '0', REROOT_WEBHOOK_URL: 'ftp://secret' };
  expect(() => readWorkerConfig(wrong)).toThrow(
    /REROOT_HTTP_ADDRESS: must be host:port[^]*REROOT_LOOK_INTERVAL_S[^]*REROOT_WEBHOOK_URL/,
  );
  expect(() => readWorkerConfig(wrong)).not.toThrow(/secret/);
  expect(readWorkerConfig({ REROOT_HTTP_ADDRESS: '[::]:8080' })).toMatchObject({ REROOT_LOOK_INTERVAL_S: 15 });
});
