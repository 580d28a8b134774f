import type { TestProject } from 'vitest/node';
import { type SandboxFacts, startSandbox } from '../../sandbox/kit/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    sandbox: SandboxFacts;
  }
}

/** One sandbox for all integration tests; each test leaves a mesh that can be rotated. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { mesh: _mesh, stop, ...facts } = await startSandbox({ apps: 'small', kubeletLagMs: 500, probeRate: 150 });
  project.provide('sandbox', facts);
  return stop;
}
