import type { CourseRef } from '../../src/rotation/courses/index.js';
import { readInput, type RotationRequest } from '../../src/rotation/input.js';

/** What a step of reroot 0.1 carries: durations as text, and the strategy among the settings. */
interface PayloadOf01 {
  settings: { timing: { poll: string } };
  course?: CourseRef;
  strategy?: CourseRef['strategy'];
}

/**
 * A step that was scheduled by reroot 0.1 may be carried out by this version: a wait for renewals lasts most of a day, and
 * an upgrade does not wait for it. Its settings are read again, as an input.
 * @throws Error when they cannot be read
 */
export function readPayload<I>(input: I): I {
  return isOf01(input) ? { ...input, ...currentRequest(input) } : input;
}

function isOf01(input: unknown): input is PayloadOf01 {
  return typeof (input as Partial<PayloadOf01> | undefined)?.settings?.timing?.poll === 'string';
}

function currentRequest({ settings, course, strategy }: PayloadOf01): RotationRequest {
  const read = readInput(settings);
  if (!read.ok) throw new Error(`a step of an earlier version cannot be read: ${read.problems.join('; ')}`);
  return { settings: read.settings, course: { ...read.course, ...(strategy ? { strategy } : {}), ...course } };
}
