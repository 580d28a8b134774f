import type { KeyObject } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { checkAuthority } from '../../src/pki/authority.js';
import type { Problem } from '../../src/pki/problem.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { anchorsOfIssuer } from '../../src/pki/issuer-anchors.js';
import { keyMatches, parseKey } from '../../src/pki/key.js';
import { present } from '../../src/ground/present.js';
import { isBridgeOf } from '../../src/records/issuer-states.js';
import {
  chainOfStart,
  damaged,
  intermediatesOf,
  type RotationSecret,
  SECRET_KEYS,
} from '../../src/records/rotation-secret.js';
import type { KeyMissing } from '../../src/rotation/bridge-life.js';
import type { Course } from '../../src/rotation/courses/course.js';
import type { Looked } from './look.js';
import type { RootKey } from './root-key.js';
import { isCross } from './root-secret.js';

/** How a rotation would go on with its certificates. */
export interface Onward {
  course: Course;
  /** The bundle that the control plane reads. */
  anchors: readonly Certificate[];
  /** Absent: they have just been made, and are in no Secret yet. */
  looked: Looked | undefined;
  /** Absent with `looked`. */
  rootKey?: RootKey;
  now: Date;
}

/**
 * Certificates that would be written have to be valid now, and their keys at hand. Past the point of no return there is
 * but one way, so what ends soon goes on, and nothing of the start is needed.
 * @throws ApplicationFailure `BadCertificates`
 * @throws RecordError `RotationSecretDamaged`
 */
export function refuseUnfit(rotation: RotationSecret, onward: Onward): void {
  const { anchors, looked } = onward;
  const { root, rootKeyPem, issuer, issuerKeyPem } = rotation;
  refuseInconsistent(rotation);
  const key = (pem: string | undefined) => (pem === undefined ? undefined : readKey(pem, looked ? damaged : bad));
  const past = looked?.facts.pastPointOfNoReturn ?? false;
  const problems = checkAuthority({
    root,
    intermediates: intermediatesOf(rotation),
    ...present({ issuer, issuerKey: key(issuerKeyPem), rootKey: key(rootKeyPem) }),
    at: onward.now,
    oldAnchors: anchors.filter((anchor) => anchor.fingerprint !== root.fingerprint && !isCross(anchor, rotation)),
  }).filter(({ severity, reason }) => severity === 'error' && !(past && reason === 'ExpiresDuringRotation'));
  if (looked && !past) problems.push(...problemsBeforeReturn(rotation, looked, onward));
  if (problems.length === 0) return;
  throw bad(problems.map(formatProblem).join('; '));
}

/**
 * What reroot would have written together: the roots to take out are those of the issuer of the start, and the bridge
 * certificate is the key of that issuer under the new root.
 */
function refuseInconsistent(rotation: RotationSecret): void {
  const { retire, previous, bridge } = rotation;
  if (retire.length === 0) return;
  const ofStart = previous.roots.map(({ fingerprint }) => fingerprint);
  if (retire.some((fingerprint) => !ofStart.includes(fingerprint)))
    throw damaged('its annotation names roots to take out that are not in it');
  if (anchorsOfIssuer(chainOfStart(rotation), previous.roots).length === 0)
    throw damaged(`${SECRET_KEYS.previousIssuer} is under none of ${SECRET_KEYS.previousRoots}`);
  if (bridge && !isBridgeOf(rotation, bridge))
    throw damaged(`${SECRET_KEYS.bridge} is not the issuer of the start under the new root`);
}

function bad(what: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(what, 'BadCertificates');
}

function formatProblem({ reason, message, hint }: Problem): string {
  return `${reason}: ${message}${hint ? ` (${hint})` : ''}`;
}

function problemsBeforeReturn(
  rotation: RotationSecret,
  { issuer }: Looked,
  { course, rootKey, now }: Pick<Onward, 'course' | 'rootKey' | 'now'>,
): Problem[] {
  refuseWithoutReturn(rotation);
  return course.bridge && issuer !== 'new' ? bridgeProblems(rotation, rootKey?.missing, now) : [];
}

/** An abort writes the issuer of the start: identity would end with a key that is not its own. */
function refuseWithoutReturn({ previous: { issuer, issuerKeyPem } }: RotationSecret): void {
  if (keyMatches(readKey(issuerKeyPem, damaged), issuer)) return;
  throw damaged(`${SECRET_KEYS.previousIssuerKey} is not the key of ${SECRET_KEYS.previousIssuer}`);
}

/** A bridge certificate can be made anew, and made at all, only with the new root's key. */
function bridgeProblems({ bridge }: RotationSecret, missing: KeyMissing | undefined, now: Date): Problem[] {
  if (!missing || (bridge && bridge.notAfter > now)) return [];
  const what = bridge
    ? `the bridge certificate ended on ${bridge.notAfter.toISOString()}`
    : 'there is no bridge certificate';
  return [
    {
      reason: 'BridgeEnded',
      severity: 'error',
      message: `${what}, and ${missing.why}`,
      hint: '`abort` goes back to the certificates of the start; strategy `standard` goes on without a bridge',
    },
  ];
}

function readKey(pem: string, failure: (what: string) => Error): KeyObject {
  try {
    return parseKey(pem);
  } catch (error) {
    throw failure(error instanceof Error ? error.message : String(error));
  }
}
