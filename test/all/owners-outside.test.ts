import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, expect, it } from 'vitest';
import { pointIssuerAt } from '../../sandbox/kit/index.js';
import { encode } from '../../src/kubernetes/base64.js';
import { createRoot } from '../../src/pki/issue.js';
import { toSec1Pem } from '../../src/pki/key.js';
import type { HandOff } from '../../src/rotation/hand-off.js';
import { drivenByCommits } from '../integration/git-owner.js';
import { BUILDING_MS, expectNoRefusal, type OwnMesh, supply } from '../integration/own-mesh.js';
import { statusOf } from '../integration/support.js';
import { expectUntouched, fingerprints, lookAt, managedMesh, renewNow } from './owners.js';

/**
 * A root that no Certificate makes, as Vault has it: its certificate alone is given. The owners do the rest: of the Bundle's sources, and of
 * the Issuer. A CA Secret that reroot may not read plays Vault: the Issuer is pointed at another root by writing it.
 */
let mesh: OwnMesh | undefined;
afterEach(async () => await mesh?.stop());

const YEAR_MS = 365 * 86_400_000;

it.each(['standard', 'patient'] as const)(
  'a root from outside, of which there is the certificate alone, by %s: its owners are told what to do and when, and nobody is refused',
  async (strategy) => {
    const own = await managedMesh({ certManager: { root: 'outside' } });
    mesh = own;
    const { certificate: root, privateKey } = createRoot({ commonName: 'root.of.vault', validForMs: YEAR_MS });
    await supply(own, 'new-root', { 'ca.crt': root.pem });
    const look = await lookAt(own);
    const handle = await own.start({ strategy, certificates: { secret: 'new-root' } });
    const asked: string[] = [];
    const commitShown = async (of: WorkflowHandle) => {
      const { phase, waiting } = await statusOf(of);
      const handOff = waiting?.handOff;
      if (!handOff) return;
      asked.push(phase);
      if (handOff.places) return await writeSources(own, handOff);
      expect(handOff.todo).toContain('cmctl renew -n linkerd linkerd-identity-issuer');
      await pointIssuerAt(own.k8s, root.pem, toSec1Pem(privateKey));
      await renewNow(own, 'issuer');
    };
    const report = await drivenByCommits(handle, { commitShown });
    expect(report.outcome).toBe('completed');
    expect(report.newRoot.fingerprint).toBe(root.fingerprint);
    expect(new Set(asked)).toEqual(new Set(['trust', 'issue', 'retire']));
    const { bundle, trusted } = await own.certificates();
    expect([bundle, trusted]).toEqual([[root.fingerprint], [root.fingerprint]]);
    expect(fingerprints((await own.secret('linkerd-identity-issuer'))['tls.crt'])).toEqual([
      report.newIssuer?.fingerprint,
    ]);
    await renewNow(own, 'issuer');
    await expectUntouched(own, look);
    await expectNoRefusal(own);
  },
  BUILDING_MS + 500_000,
);

/** What the bundle is to hold, into both Secrets that trust-manager makes it of. */
async function writeSources({ k8s }: OwnMesh, { places = [] }: HandOff): Promise<void> {
  const [{ value } = { value: '' }] = places.filter(({ kind }) => kind === 'ConfigMap');
  for (const name of ['linkerd-trust-anchor', 'linkerd-previous-anchor']) {
    const body = [{ op: 'replace', path: '/data/tls.crt', value: encode(value) }];
    await k8s.core.patchNamespacedSecret({ name, namespace: 'cert-manager', body });
  }
}
