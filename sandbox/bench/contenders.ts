import type { Kubernetes } from '../../src/kubernetes/client.js';
import { type StrategyName, strategyNames } from '../../src/rotation/courses/index.js';
import type { RotationStatus } from '../../src/rotation/status.js';
import {
  guideOrder,
  guideOrderWithRenewal,
  type HandStep,
  officialOrder,
  renewIssuer,
  type Sandbox,
  seedOrder,
} from '../kit/index.js';
import { byHand } from './by-hand.js';
import { byReroot } from './by-reroot.js';
import type { Account } from './measure.js';

/** A way to replace the root. */
export interface Contender {
  name: string;
  /** As tables and charts have it. */
  title: string;
  by: 'hand' | 'reroot';
  strategy?: StrategyName;
  rotate(sandbox: Sandbox): Promise<Account>;
}

/** What a mesh has its certificates from. */
export type Certificates = 'separate' | 'cert-manager';

const STRATEGIES: readonly Contender[] = strategyNames()
  .toReversed()
  .map((strategy) => ({
    name: strategy,
    title: `reroot ${strategy}`,
    by: 'reroot' as const,
    strategy,
    rotate: async (sandbox: Sandbox) => await byReroot(sandbox, { strategy }),
  }));

/** Those that are compared where nobody else writes the certificates, and where cert-manager does. */
export const CONTENDERS: Record<Certificates, readonly Contender[]> = {
  separate: [
    script('seed', "seed's order", seedOrder),
    script('official', 'official order', officialOrder),
    ...STRATEGIES,
  ],
  'cert-manager': [
    script('guide', "Linkerd's guide", guideOrder),
    script('guide-renewal', 'guide, a renewal', guideOrderWithRenewal),
    ...STRATEGIES,
    {
      name: 'bridge-renewal',
      title: 'bridge, a renewal',
      by: 'reroot',
      strategy: 'bridge',
      rotate: async (sandbox) => await byReroot(sandbox, { strategy: 'bridge', meanwhile: renewIssuerInTheMiddle }),
    },
  ],
};

function script(name: string, title: string, order: (k8s: Kubernetes) => HandStep[]): Contender {
  return { name, title, by: 'hand', rotate: async (sandbox) => await byHand(sandbox, order) };
}

export function namesOf(contenders: readonly Pick<Contender, 'name'>[]): string {
  return contenders.map(({ name }) => name).join(',');
}

/** In the phase in which most proxies are restarted: it has half the mesh trust the one root, and half the other. */
function renewIssuerInTheMiddle(k8s: Kubernetes): (status: RotationStatus) => Promise<void> {
  let renewed = false;
  return async ({ phase, namespaces }) => {
    if (renewed || phase !== 'retire' || !namespaces.some(({ state }) => state === 'done')) return;
    renewed = true;
    await renewIssuer(k8s);
  };
}
