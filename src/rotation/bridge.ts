import { parseDuration } from './duration.js';
import type { RotationSettings } from './input.js';

const HOUR_MS = 3_600_000;
/** identity clamps a leaf's life to the earliest end in its issuer's chain, so the bridge outlives leaves by far. */
const LEAST_LEAVES = 2;
const LEAST_MS = 48 * HOUR_MS;
/** It can be made anew only with the new root's key; where that is discarded it has to last from the start. */
const WITHOUT_KEY_MS = 30 * 24 * HOUR_MS;
/** Made anew when less is left of it than this many leaf lives. */
const RENEWED_BELOW_LEAVES = 1.5;

/** Milliseconds that a bridge certificate is valid: short, because it carries the old issuer key into the new root's trust. */
export function bridgeLife(
  settings: Pick<RotationSettings, 'bridge' | 'root' | 'rollout'>,
  leafLifeMs: number,
): number {
  const wanted = settings.bridge.validity === undefined ? undefined : parseDuration(settings.bridge.validity);
  if (wanted !== undefined) return Math.max(wanted, LEAST_LEAVES * leafLifeMs);
  const organic = settings.rollout.pace === 'organic' ? (parseDuration(settings.rollout.deadline) ?? 0) : 0;
  const least = Math.max(LEAST_MS, LEAST_LEAVES * leafLifeMs);
  return settings.root.key === 'discard' ? Math.max(WITHOUT_KEY_MS, least) + organic : least;
}

/** Whether a rotation that goes on needs the bridge certificate anew. */
export function bridgeEndsSoon(notAfter: Date, leafLifeMs: number, now: Date): boolean {
  return notAfter.getTime() - now.getTime() < RENEWED_BELOW_LEAVES * leafLifeMs;
}

/** Milliseconds between two looks at whether it does. */
export function bridgeCheckInterval(leafLifeMs: number): number {
  return Math.max(5000, leafLifeMs / 4);
}
