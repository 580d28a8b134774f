import { describe, expect, it } from 'vitest';
import { otherUsers, peopleIn } from '../../../../src/cli/session/other-users.js';

describe('other users of the machine', () => {
  it('are the accounts of people, each once, not those of the system, of containers or of nobody', () => {
    expect(peopleIn('    0\n  101\n 1001\n 1000\n 1001\n65534\n100999\n')).toEqual([1000, 1001]);
    expect(peopleIn('')).toEqual([]);
  });
  it('are never the one who asks', () => {
    const all = otherUsers(-1);
    for (const uid of all) expect(otherUsers(uid)).toEqual(all.filter((each) => each !== uid));
  });
});
