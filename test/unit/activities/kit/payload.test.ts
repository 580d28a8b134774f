import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPayload } from '../../../../activities/kit/payload.js';
import { courseOf } from '../../../../src/rotation/courses/index.js';
import type { PhaseInput } from '../../../../src/rotation/payloads.js';

const HISTORIES = path.resolve(import.meta.dirname, '../../../histories');

/** What each activity of a stored history was scheduled with. */
function scheduled(file: string): { type: string; input: Partial<PhaseInput> }[] {
  const history = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8')) as {
    events: {
      activityTaskScheduledEventAttributes?: {
        activityType: { name: string };
        input?: { payloads: { data: string }[] };
      };
    }[];
  };
  return history.events.flatMap(({ activityTaskScheduledEventAttributes: attributes }) => {
    const data = attributes?.input?.payloads[0]?.data;
    if (!attributes || !data) return [];
    const input = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Partial<PhaseInput>;
    return [{ type: attributes.activityType.name, input }];
  });
}

describe('steps that an earlier version has scheduled', () => {
  it.each(readdirSync(HISTORIES).filter((file) => file.endsWith('.json')))('of %s can be carried out', (file) => {
    const steps = scheduled(file);
    expect(steps.length).toBeGreaterThan(20);
    for (const { input } of steps) {
      const read = readPayload(input);
      if (!read.settings) continue; // the Lease's steps carry none
      expect(read.settings.timing.poll).toBeTypeOf('number');
      expect(read.settings.rollout.stuckAfter).toBe(600_000);
      expect(courseOf(read.course ?? fail()).rows.length).toBeGreaterThan(0);
    }
  });
  it('keep the course that they were scheduled with', () => {
    const settings = { strategy: 'bridge', timing: { poll: '2s' } };
    const course = { strategy: 'bridge', leafRenewal: 'roll', direction: 'back' };
    expect(readPayload({ settings, course })).toMatchObject({ course, settings: { timing: { poll: 2000 } } });
    expect(readPayload({ settings, strategy: 'issuer' })).toMatchObject({ course: { strategy: 'issuer' } });
  });
  it('say what cannot be read', () => {
    const settings = { timing: { poll: 'soon' } };
    expect(() => readPayload({ settings })).toThrow('"soon" is not a duration');
  });
});

describe('steps of this version', () => {
  it('are taken as they are', () => {
    const input = { settings: { timing: { poll: 2000 } } };
    expect(readPayload(input)).toBe(input);
    expect(readPayload({ firstRunId: 'x' })).toEqual({ firstRunId: 'x' });
  });
});

function fail(): never {
  throw new Error('a step without a course');
}
