import type { HelmUpgrade } from '../ground/helm.js';
import { present } from '../ground/present.js';
import type { MayHandOff } from './hand-off.js';
import type { RotationSettings } from './input.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** identity clamps a leaf's life to the earliest end in its issuer's chain, so the bridge outlives leaves by far. */
const LEAST_LEAVES = 2;
/**
 * Short, because it carries the old issuer key into the new root's trust; long enough that nothing ends when reroot and
 * its Temporal server are down for a week: an expired bridge certificate in the issuer Secret would end every leaf.
 */
const LIFE_MS = 14 * DAY_MS;
/**
 * It can be made anew only with the new root's key; where that is discarded it has to last from the start. A key that stays in
 * the user's own Secret, because nothing was said of it, is read there again.
 */
const WITHOUT_KEY_MS = 30 * DAY_MS;
/** Where somebody else writes the issuer Secret, they are not asked again and again. */
const HANDED_OFF_MS = 60 * DAY_MS;
/** Made anew when less than half of it is left, or less than this many leaf lives. */
const RENEWED_BELOW_LEAVES = 1.5;

/** However long somebody wants it, or waits: with it the old issuer key counts under the new root. */
export const LONGEST_BRIDGE_MS = 90 * DAY_MS;

/** Milliseconds that a bridge certificate is valid: at most `LONGEST_BRIDGE_MS`, where leaves do not live half as long. */
export function bridgeLife(
  settings: Pick<RotationSettings, 'bridge' | 'root' | 'rollout'>,
  leafLifeMs: number,
  handedOff = false,
): number {
  const least = handedOff && settings.bridge.validity === undefined ? HANDED_OFF_MS : 0;
  return Math.max(Math.min(Math.max(wantedLife(settings), least), LONGEST_BRIDGE_MS), LEAST_LEAVES * leafLifeMs);
}

function wantedLife(settings: Pick<RotationSettings, 'bridge' | 'root' | 'rollout'>): number {
  if (settings.bridge.validity !== undefined) return settings.bridge.validity;
  const organic = settings.rollout.pace === 'organic' ? settings.rollout.deadline : 0;
  return settings.root.key === 'discard' ? WITHOUT_KEY_MS + organic : LIFE_MS;
}

/** Whether a rotation that goes on needs the bridge certificate anew. */
export function bridgeEndsSoon(
  { notBefore, notAfter }: { notBefore: Date; notAfter: Date },
  leafLifeMs: number,
  now: Date,
): boolean {
  const life = notAfter.getTime() - notBefore.getTime();
  return notAfter.getTime() - now.getTime() < Math.max(life / 2, RENEWED_BELOW_LEAVES * leafLifeMs);
}

/** The new root's key, which could make a bridge certificate anew, is not at hand. */
export interface KeyMissing {
  /** A part of a sentence. */
  why: string;
  /** It is somebody's own, who can put it back. */
  canReturn: boolean;
}

export const KEY_DISCARDED = 'the key of the new root, which could make it anew, was discarded';

/** Of a key that stays with its owner. */
export function keyNotIn(secret: string, problem: string): string {
  return `the key of the new root, which could make it anew, is not in ${secret} (${problem}): put it back there as ca.key`;
}

/** How long the bridge certificate lasts, and whether that is all there will be. */
export interface BridgeKept extends MayHandOff {
  /** ISO 8601; empty: there is none. */
  notAfter: string;
  /** The key of the new root is at hand: it is made anew in time. */
  renewable: boolean;
  /** It cannot be made anew, and less than two leaf lives are left. */
  endsSoon: boolean;
  /** Why it cannot be made anew; absent from workers of an earlier version. */
  keyMissing?: KeyMissing;
  /** Helm installs: what the release has to be given from now on. */
  helm?: HelmUpgrade;
}

/** The issuer Secret carries none: it does not yet, or not any more. */
export const NO_BRIDGE: BridgeKept = { notAfter: '', renewable: true, endsSoon: false };

export function bridgeKept(
  { bridge, keyMissing }: { bridge?: { notAfter: Date } | undefined; keyMissing?: KeyMissing | undefined },
  leafLifeMs: number,
  now: Date,
): BridgeKept {
  const renewable = keyMissing === undefined;
  const left = bridge ? bridge.notAfter.getTime() - now.getTime() : 0;
  return {
    notAfter: bridge?.notAfter.toISOString() ?? '',
    renewable,
    endsSoon: bridge !== undefined && !renewable && left < LEAST_LEAVES * leafLifeMs,
    ...present({ keyMissing }),
  };
}

/** Milliseconds between two looks at whether it does. */
export function bridgeCheckInterval(leafLifeMs: number): number {
  return Math.max(5000, leafLifeMs / 4);
}
