import { HOLDINGS, type NamespaceCensus } from '../../rotation/census.js';
import type { Picture } from '../../picture/report.js';

/** The picture that stands in the report. */
export const PICTURE: Picture = {
  style: ':root{color-scheme:light dark}',
  body: ({ mesh }) => (mesh ? `<section class="report">${censusTable(mesh.namespaces)}</section>` : ''),
};

/** Names of namespaces are DNS labels, so there is nothing to escape; whatever is not one is left out. */
function censusTable(namespaces: readonly NamespaceCensus[]): string {
  const rows = namespaces
    .filter(({ namespace }) => /^[-a-z0-9]+$/.test(namespace))
    .map(({ namespace, trusts, presents }) => {
      const cells = [trusts, presents].flatMap((counts) => HOLDINGS.map((holding) => `<td>${counts[holding]}</td>`));
      return `<tr><th scope="row">${namespace}</th>${cells.join('')}</tr>`;
    });
  const head = ['trusts', 'presents'].flatMap((of) =>
    HOLDINGS.map((holding) => `<th scope="col">${of} ${holding}</th>`),
  );
  return `<div class="wide"><table><tr><th scope="col">namespace</th>${head.join('')}</tr>${rows.join('')}</table></div>`;
}
