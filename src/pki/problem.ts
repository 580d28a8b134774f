import { present } from '../ground/present.js';

/** Something about a root, an issuer or a key that Linkerd would refuse, or that a person should know. */
export interface Problem {
  reason: string;
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
}

export function error(reason: string, message: string, hint?: string): Problem {
  return { reason, severity: 'error', message, ...present({ hint }) };
}

export function warning(reason: string, message: string): Problem {
  return { reason, severity: 'warning', message };
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
