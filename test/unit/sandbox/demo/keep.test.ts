import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { keepText } from '../../../../sandbox/demo/keep.js';
import type { SandboxFacts } from '../../../../sandbox/kit/index.js';

it('a demo that is kept says that a worker runs, until when, and what to try', () => {
  const facts = {
    kubeconfig: '/tmp/kubeconfig',
    temporal: { address: '127.0.0.1:7233' },
    folder: '/tmp/logs',
  } as unknown as SandboxFacts;
  const text = stripVTControlCharacters(keepText(facts, { program: 'dist/cli.js', url: 'http://127.0.0.1:8233' }));
  expect(text).toContain('until ctrl-C: the mesh, Temporal and a worker');
  expect(text).toContain('export KUBECONFIG=/tmp/kubeconfig TEMPORAL_ADDRESS=127.0.0.1:7233');
  for (const tried of ['rotate --strategy standard', 'status', 'status --workflow-id trust-root-demo', 'abort'])
    expect(text).toContain(`node dist/cli.js ${tried}`);
  expect(text).toContain('http://127.0.0.1:8233');
  expect(text).toContain('/tmp/logs');
});
