import type { CertificateSeen, Overview } from '../rotation/overview.js';
import { percent } from './bars.js';
import { html, type Html } from './html.js';
import { icon } from './icons.js';
import { DAY, day, lasting } from './times.js';
import { short } from './words.js';

/** Certificates with their ends, that of which is soonest first. */

/** Of its life, and days: when less is left than either, somebody should hear of it. */
const SOON = { part: 0.25, ms: 30 * DAY };

export type Ending = 'expired' | 'soon' | 'later' | 'notYet';

export function endingOf({ notBefore, notAfter }: Pick<CertificateSeen, 'notBefore' | 'notAfter'>, now: Date): Ending {
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)];
  const left = to - now.getTime();
  if (left <= 0) return 'expired';
  if (from > now.getTime()) return 'notYet';
  return left <= Math.min(SOON.ms, SOON.part * (to - from)) ? 'soon' : 'later';
}

export const KINDS: Record<CertificateSeen['kind'], string> = {
  anchor: 'trust anchor',
  issuer: 'identity issuer',
  bridge: 'bridge certificate',
};

const ROLES: Record<NonNullable<CertificateSeen['role']>, string> = {
  new: 'new root',
  old: 'old root',
  inUse: 'in use',
  other: 'another root',
};

function kindText({ kind, role }: Pick<CertificateSeen, 'kind' | 'role'>): string {
  return role === undefined ? KINDS[kind] : `${KINDS[kind]}, ${ROLES[role]}`;
}

export function certificates({ certificates: all }: Overview, now: Date): Html {
  const order = all.toSorted((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
  if (order.length === 0) return html``;
  return html`<section class="certificates" aria-labelledby="certificates">
    <h2 id="certificates">Certificates and their ends</h2>
    ${table(order, now)}
  </section>`;
}

function table(order: readonly CertificateSeen[], now: Date): Html {
  return html`<table class="ends" role="table">
    <caption class="sr">
      Certificates, the one that ends first on top
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th scope="col" role="columnheader">Certificate</th>
        <th scope="col" role="columnheader">Fingerprint</th>
        <th scope="col" role="columnheader">Ends</th>
        <th scope="col" role="columnheader">Left</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${order.map((one) => row(one, now))}
    </tbody>
  </table>`;
}

function row(certificate: CertificateSeen, now: Date): Html {
  const { fingerprint, commonName, notAfter, kind } = certificate;
  const ending = endingOf(certificate, now);
  return html`<tr role="row" class="${ending}" data-key="${kind}-${short(fingerprint)}">
    <th scope="row" role="rowheader">
      <span class="kind">${kindText(certificate)}</span> <span class="cn">${commonName}</span>
    </th>
    <td role="cell"><code>${short(fingerprint)}</code></td>
    <td role="cell">${day(notAfter)}</td>
    <td role="cell" class="left">${leftText(certificate, ending, now)}${life(certificate, now)}</td>
  </tr>`;
}

function leftText({ notAfter, notBefore }: CertificateSeen, ending: Ending, now: Date): Html {
  const left = Date.parse(notAfter) - now.getTime();
  if (ending === 'expired') return html`<strong class="bad">${icon('alert')}expired ${lasting(-left)} ago</strong>`;
  if (ending === 'notYet') return html`not valid before ${day(notBefore)}`;
  const text = Number.isFinite(left) ? lasting(left) : 'not known';
  return ending === 'soon' ? html`<strong class="soon">${icon('alert')}${text}: expiring soon</strong>` : html`${text}`;
}

/** How much of its life is over. */
function life({ notBefore, notAfter }: CertificateSeen, now: Date): Html | false {
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)];
  if (!(to > from)) return false;
  const over = Math.min(Math.max(now.getTime() - from, 0), to - from);
  return html`<svg class="life" aria-hidden="true" focusable="false">
    <rect class="rest" width="100%" height="100%" />
    <rect class="part" width="${percent(over, to - from)}" height="100%" />
  </svg>`;
}
