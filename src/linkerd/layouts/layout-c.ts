import { identityContainer, type Layout } from './layout.js';
import { valuesLayout } from './layout-values.js';

/** A variable of the identity container, base64 of the PEM (2.10). */
const VARIABLE = 'LINKERD2_IDENTITY_TRUST_ANCHORS';

/** 2.10: chart values, flat; the identity process has its own copy. */
export const layoutC: Layout = {
  id: 'C',
  versions: '2.10',
  identityReads: `its variable ${VARIABLE}`,
  describes: (identity) => identityContainer(identity)?.env?.some(({ name }) => name === VARIABLE) === true,
  identityCopy: { variable: VARIABLE },
  ...valuesLayout(false),
};
