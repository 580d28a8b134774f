import { MockActivityEnvironment } from '@temporalio/testing';
import type { Mock } from 'vitest';
import { vi } from 'vitest';
import type { Dependencies } from '../../../activities/kit/dependencies.js';
import type { PhaseContext } from '../../../activities/kit/stored-rotation.js';
import type { ProxyObservation } from '../../../src/ground/mesh.js';
import { courseOf } from '../../../src/rotation/courses/index.js';
import { rowOf } from '../../../src/rotation/courses/course.js';
import type { Finding } from '../../../src/rotation/findings.js';
import { GATES } from '../../../src/rotation/gates.js';
import type { PhaseInput } from '../../../src/rotation/payloads.js';
import { request, target } from '../rotation/support.js';

/** A mesh as the activities that wait for it see it: it changes from one look to the next. */
export interface FakeMesh {
  /** What proxies show at the n-th look, beginning with 1. */
  proxiesAt(look: number): ProxyObservation[];
  reverted: Finding[];
  looks: number;
  /** Milliseconds that each look was given. */
  given: (number | undefined)[];
  /** The uids of those that were asked, each time. */
  asked?: string[][];
}

export const mesh: FakeMesh = { proxiesAt: () => [], reverted: [], looks: 0, given: [] };

export const dependencies = {} as Dependencies;

/** The settings of a wait that is told soon, and looks often. */
export function phaseInput(phase: PhaseInput['phase'], change: Partial<PhaseInput> = {}): PhaseInput {
  const { settings: asked, course } = request({ rollout: { stuckAfter: '1s' } });
  const settings = { ...asked, timing: { ...asked.timing, poll: 1 } };
  return { settings, course, linkerdNamespace: 'linkerd', phase, waivers: [], retry: 0, ...change };
}

/** Kit modules that speak to a cluster, as they answer for the fake. */
export function storedRotation() {
  return {
    readPhase: async (_: unknown, input: PhaseInput): Promise<PhaseContext> => {
      const row = rowOf(courseOf(input.course), input.phase);
      const linkerd = { namespace: 'linkerd', leafLifeMs: 86_420_000 }; // a day, as that of `leaf`
      const context = { row, linkerd, target: target(), roots: [], wanted: [], secret: {}, ...GATES[row.gate] };
      return await Promise.resolve(context as unknown as PhaseContext);
    },
  };
}

const lookAtMesh = async (): Promise<ProxyObservation[]> => {
  mesh.looks += 1;
  return await Promise.resolve(mesh.proxiesAt(mesh.looks));
};

export function livePods() {
  return { livePods: async () => await Promise.resolve({ look: lookAtMesh, isFresh: true }) };
}

export function proxies() {
  return {
    gatedPods: lookAtMesh,
    gatedOf: <T>(pods: T): T => pods,
    withIdentity: <T>(pods: T): T => pods,
    waivedBy: () => () => false,
    probe: async ({ prober }: Partial<Dependencies>, _: PhaseContext, pods: ProxyObservation[]) => {
      mesh.given.push(prober?.lookMs);
      mesh.asked?.push(pods.map(({ uid }) => uid));
      return await Promise.resolve(pods);
    },
  };
}

/** Nobody waits for the next look. */
export function shortPauses(heartbeat: { pause(milliseconds: number): Promise<void> }) {
  return { ...heartbeat, pause: async () => await heartbeat.pause(1) };
}

export function reversions() {
  return { occasionalReversions: () => async () => await Promise.resolve(mesh.reverted) };
}

/** Runs an activity; it is cancelled after so many milliseconds, if it has not returned. */
export async function run<I, R>(
  activity: (dependencies: Dependencies, input: I) => Promise<R>,
  input: I,
  { cancelAfterMs, heartbeatDetails }: { cancelAfterMs?: number; heartbeatDetails?: unknown } = {},
): Promise<{ result?: R; error?: unknown; heartbeats: Mock }> {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const heartbeats = vi.fn<(details: unknown) => void>();
  environment.on('heartbeat', heartbeats);
  const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => environment.cancel(), cancelAfterMs);
  try {
    const result = await environment.run(async () => await activity(dependencies, input));
    return { result: result as R, heartbeats };
  } catch (error) {
    return { error, heartbeats };
  } finally {
    clearTimeout(timer);
  }
}
