import type { Alert } from './status.js';

/** Whatever says alerts: a rotation, or a watch. */
interface Alerted {
  alerts?: Alert[];
}

/** Raises an alert, or renews what it says; it keeps the time since which it stands. */
export function raise(status: Alerted, alert: Omit<Alert, 'since'>, now: string): void {
  const others = (status.alerts ?? []).filter(({ reason }) => reason !== alert.reason);
  const since = status.alerts?.find(({ reason }) => reason === alert.reason)?.since ?? now;
  status.alerts = [...others, { ...alert, since }];
}

export function clear(status: Alerted, reason: string): void {
  const left = (status.alerts ?? []).filter((alert) => alert.reason !== reason);
  if (left.length > 0) status.alerts = left;
  else delete status.alerts;
}

/** `⚠ BridgeEnding: … (leaves end at 2026-12-01T00:00:00Z)`, for people. */
export function formatAlert({ reason, message, deadline }: Alert): string {
  return `⚠ ${reason}: ${message}${deadline ? ` Leaves end at ${deadline}.` : ''}`;
}
