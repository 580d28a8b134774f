import { afterAll, afterEach, describe, it } from 'vitest';
import { rotateManaged, sharedMesh } from './owners.js';

/**
 * What cert-manager owns: strategies × who writes the bundle × who installed Linkerd. What somebody's Git owns is in
 * owners-hand-off.test.ts, what Helm's values are the source of in owners-helm.test.ts.
 */
const BUNDLES = [
  ['cert-manager and trust-manager', 'Bundle'],
  ['cert-manager alone, a job copies the roots', 'synced'],
] as const;
const INSTALLS = ['cli', 'helm'] as const;
const STRATEGIES = ['bridge', 'patient', 'standard'] as const;

const MESHES = BUNDLES.flatMap(([title, bundle]) => INSTALLS.map((install) => ({ title, bundle, install })));

describe.each(MESHES)('$title, installed by $install', ({ bundle, install }) => {
  const shared = sharedMesh({ certManager: { bundle }, install });
  afterEach(shared.after);
  afterAll(shared.stop);

  it.each(STRATEGIES)('has a new root of cert-manager, and no spec changed, by %s', async (strategy) => {
    await rotateManaged(await shared.mesh(), { strategy });
  });
});
