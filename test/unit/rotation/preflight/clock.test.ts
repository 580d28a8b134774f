import { describe, it } from 'vitest';
import { type Case, holds } from './support.js';

describe('clockSkewed', () => {
  const found = (severity: 'warn' | 'block', ...says: string[]) => [
    { reason: 'ClockSkew', severity, subject: 'cluster', says, hint: 'NTP' },
  ];
  it.each<Case>([
    { name: 'finds nothing where no answer has a date', observed: {}, finds: [] },
    { name: 'finds nothing in what whole seconds cannot tell', observed: { skewMs: -4900 }, finds: [] },
    {
      name: 'warns of a clock that is ahead',
      observed: { skewMs: 42_400 },
      finds: found('warn', '42 s ahead of that of the API server', 'made and judged by'),
    },
    { name: 'warns of one that is behind', observed: { skewMs: -60_000 }, finds: found('warn', '60 s behind') },
    {
      name: 'blocks beyond what certificates are back-dated',
      observed: { skewMs: -180_000 },
      finds: found('block', '180 s behind that of the API server', 'beyond a minute'),
    },
  ])('$name', holds);
});
