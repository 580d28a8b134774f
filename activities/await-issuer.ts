import { Context } from '@temporalio/activity';
import { issuerEventsSince } from '../src/linkerd/identity/events.js';
import type { AwaitIssuerInput, AwaitIssuerResult } from '../src/rotation/payloads.js';
import { checkGate } from './check-gate.js';
import { pause, reportProgress } from './kit/heartbeat.js';
import type { Dependencies } from './kit/dependencies.js';
import { readRotation } from './kit/stored-rotation.js';

/**
 * Waits for the identity controller to say that it took the new issuer. Its event is a hint that saves time; what
 * counts is the gate afterwards, so silence and refusal end the wait too, each with what it means.
 */
export async function awaitIssuer(dependencies: Dependencies, input: AwaitIssuerInput): Promise<AwaitIssuerResult> {
  const { linkerd } = await readRotation(dependencies, input);
  const { poll, issuerEvent } = input.settings.timing;
  const since = new Date(input.swappedAt);
  const replicas = linkerd.identityReplicas;
  // not this attempt's: a worker that is restarted does not begin the wait anew
  const started = Context.current().info.scheduledTimestampMs;
  for (;;) {
    const events = await issuerEventsSince(dependencies.k8s, linkerd.namespace, since);
    const skipped = events.find(({ reason }) => reason === 'IssuerUpdateSkipped');
    if (skipped) return { outcome: 'skipped', message: skippedMessage(skipped.message) };
    const updated = events.filter(({ reason }) => reason === 'IssuerUpdated').length;
    if (updated >= replicas)
      return { outcome: 'updated', message: `IssuerUpdated from ${updated} of ${replicas} replicas` };
    if ((await checkGate(dependencies, input)).passed) {
      return { outcome: 'alreadyIssuing', message: 'every identity replica already hands out the wanted chain' };
    }
    if (Date.now() - started > issuerEvent) {
      return {
        outcome: 'silent',
        message: `no IssuerUpdated event from ${replicas - updated} of ${replicas} replicas (linkerd2#15109): identity is restarted`,
      };
    }
    reportProgress({
      phase: input.phase,
      waitingFor: [`IssuerUpdated events of linkerd-identity: ${updated} of ${replicas}`],
    });
    await pause(poll);
  }
}

function skippedMessage(said: string): string {
  return `${said}. A replica was started before the bundle had what it needs: it is restarted`;
}
