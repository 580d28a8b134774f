import { identityContainer, type Layout } from './layout.js';
import { valuesLayout } from './layout-values.js';

/** An argument of the identity container, base64 of the PEM (2.9). */
const ARGUMENT = '-identity-trust-anchors-pem=';

/** 2.9: chart values below `global`; the identity process has its own copy. */
export const layoutB: Layout = {
  id: 'B',
  versions: '2.9',
  identityReads: `its argument ${ARGUMENT}…`,
  describes: (identity) => identityContainer(identity)?.args?.some((text) => text.startsWith(ARGUMENT)) === true,
  identityCopy: { argument: ARGUMENT },
  ...valuesLayout(true),
};
