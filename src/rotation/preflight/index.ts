import type { Finding } from '../findings.js';
import { anchorExpired, bundleEmpty, bundleUnreadable, bundleUntidy, copiesDiffer } from './bundle.js';
import { certificateNotReady, renewalDue, renewalKeepsKey, rootUndriven } from './cert-manager.js';
import { bridgeNeedsRootKey, issuerUnfit, suppliedCertificatesUnfit } from './certificates.js';
import {
  controlPlaneNotReady,
  controlPlaneWaived,
  injectionFails,
  injectorMayBeSkipped,
  linkerdUndetected,
} from './control-plane.js';
import { clockSkewed } from './clock.js';
import { strategyTooSlow } from './deadline.js';
import { alreadyExpired, strategyUnfit } from './expiry.js';
import { identitySwitchedOff } from './identity-off.js';
import { apiServerUnverified, oldKeyCopies, rootKeyKept } from './keys.js';
import { rotationLeftBehind } from './left-behind.js';
import { bundleWithoutSlot } from './made-bundle.js';
import { membersUnseen } from './members.js';
import type { PreflightObservation } from './observation.js';
import {
  admissionPolicyAbsent,
  approvalsElsewhere,
  optionalPermissionMissing,
  permissionMissing,
} from './permissions.js';
import { leafUnderNoAnchor, podUnstarted, proxyUnreadable, workloadCannotRoll } from './workloads.js';
import { ownerUnfit, rootOutside } from './owner-unfit.js';
import { anotherWriter, foreignFieldManager, handOff, helmWouldRevert } from './writers.js';

/** Looks for one thing, and is named for it; empty: not found. */
export type Check = (observation: PreflightObservation) => Finding[];

/** Everything that preflight checks, in the order in which people read it. */
export const PREFLIGHT_CHECKS: readonly Check[] = [
  apiServerUnverified,
  clockSkewed,
  linkerdUndetected,
  permissionMissing,
  optionalPermissionMissing,
  admissionPolicyAbsent,
  approvalsElsewhere,
  controlPlaneWaived,
  controlPlaneNotReady,
  bundleUntidy,
  bundleUnreadable,
  bundleEmpty,
  anchorExpired,
  copiesDiffer,
  issuerUnfit,
  suppliedCertificatesUnfit,
  bridgeNeedsRootKey,
  alreadyExpired,
  strategyUnfit,
  rotationLeftBehind,
  strategyTooSlow,
  anotherWriter,
  handOff,
  ownerUnfit,
  rootOutside,
  certificateNotReady,
  renewalKeepsKey,
  bundleWithoutSlot,
  renewalDue,
  rootUndriven,
  foreignFieldManager,
  helmWouldRevert,
  membersUnseen,
  oldKeyCopies,
  rootKeyKept,
  injectionFails,
  injectorMayBeSkipped,
  identitySwitchedOff,
  proxyUnreadable,
  podUnstarted,
  leafUnderNoAnchor,
  workloadCannotRoll,
];

export function preflightFindings(observation: PreflightObservation): Finding[] {
  return PREFLIGHT_CHECKS.flatMap((check) => check(observation));
}
