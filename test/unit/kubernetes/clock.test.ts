import { describe, expect, it } from 'vitest';
import { clockSkew, clusterClock, clusterNow, issueTime } from '../../../src/kubernetes/clock.js';

const http = (time: number) => new Date(time).toUTCString();
const NOON = Date.parse('2026-11-29T12:00:00Z');

describe('the clock of the API server', () => {
  it('is not known before an answer says it, or where none does', () => {
    const clock = clusterClock(() => 0);
    clock.noted(undefined);
    clock.noted('yesterday');
    expect(clock.now()).toBeUndefined();
    expect(clockSkew({ clock })).toBeUndefined();
    expect(clockSkew({})).toBeUndefined();
    expect(Math.abs(clusterNow({}).getTime() - Date.now())).toBeLessThan(1000);
  });
  it('goes on between answers, and is taken from the answer that was quickest', () => {
    let elapsed = 500;
    const clock = clusterClock(() => elapsed);
    clock.noted(http(NOON));
    elapsed = 1500;
    expect(clock.now()).toEqual(new Date(NOON + 1000));
    clock.noted(http(NOON)); // it was a second on its way
    expect(clock.now()).toEqual(new Date(NOON + 1000));
    elapsed = 2000;
    clock.noted(http(NOON + 2000)); // made at the beginning of that second
    expect(clock.now()).toEqual(new Date(NOON + 2000));
  });
  it('is taken anew after a minute: it may have been set back', () => {
    let elapsed = 0;
    const clock = clusterClock(() => elapsed);
    clock.noted(http(NOON));
    elapsed = 30_000;
    clock.noted(http(NOON));
    expect(clock.now()).toEqual(new Date(NOON + 30_000));
    elapsed = 61_000;
    clock.noted(http(NOON + 1000));
    expect(clock.now()).toEqual(new Date(NOON + 1000));
  });
  it('and the one here: certificates are made by the earlier', () => {
    const at = (offset: number) => ({ clock: { noted: () => undefined, now: () => new Date(Date.now() + offset) } });
    const skew = (offset: number) => Math.round((clockSkew(at(offset)) ?? 0) / 1000);
    expect([skew(-90_000), skew(90_000)]).toEqual([90, -90]);
    const made = (offset: number) => Math.round((issueTime(at(offset)).getTime() - Date.now()) / 1000);
    expect([made(-90_000), made(90_000)]).toEqual([-90, 0]);
  });
});
