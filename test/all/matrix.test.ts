import { it } from 'vitest';
import { type LinkerdVersion, VERSIONS } from '../../sandbox/kit/index.js';
import { type Mesh, nameOf, rotateWhole } from '../integration/versions.js';

/** Every version × issuer scheme × install; certificates and strategies alternate, so that each version has both kinds. */
const MESHES: Mesh[] = (Object.keys(VERSIONS) as LinkerdVersion[]).flatMap((linkerd) =>
  (['linkerd', 'kubernetes'] as const).flatMap((issuer) =>
    (['cli', 'helm'] as const).map((install) => ({
      linkerd,
      issuer,
      install,
      certificates: (issuer === 'linkerd') === (install === 'cli') ? ('default' as const) : ('separate' as const),
      strategy: install === 'cli' ? ('bridge' as const) : ('standard' as const),
    })),
  ),
);

it.each(MESHES.map((mesh) => [nameOf(mesh), mesh] as const))(
  'every store and every proxy has the new root, without a refused handshake: %s',
  async (_name, mesh) => await rotateWhole(mesh),
);
