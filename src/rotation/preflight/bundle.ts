import type { Finding, Subject } from '../findings.js';
import type { PreflightObservation, StoreFacts } from './observation.js';

/** What a person should know about the text of a bundle; every reader of reroot's copes with it. */
export function bundleUntidy({ stores }: PreflightObservation): Finding[] {
  return stores.flatMap(({ store, problems }) =>
    problems.map(({ reason, message }) => ({ reason, severity: 'warn', message, subject: named(store) })),
  );
}

export function bundleUnreadable({ stores }: PreflightObservation): Finding[] {
  return stores.flatMap(({ store, fatal }) => {
    if (fatal === undefined) return [];
    return [
      {
        reason: 'BundleUnreadable',
        severity: 'block',
        message: `the identity process cannot read it: ${fatal}`,
        subject: named(store),
        hint: 'write certificates only, with at most one newline at the end',
      },
    ];
  });
}

export function bundleEmpty({ stores }: PreflightObservation): Finding[] {
  return stores
    .filter(({ anchors }) => anchors.length === 0)
    .map(({ store }) => ({
      reason: 'BundleEmpty',
      severity: 'block',
      message: 'it holds no certificate',
      subject: named(store),
    }));
}

/** A warning only: proxies ignore it, and identity needs no anchor but its issuer's, which `alreadyExpired` has. */
export function anchorExpired({ stores, now }: PreflightObservation): Finding[] {
  const [authoritative] = stores;
  if (!authoritative) return [];
  return authoritative.anchors
    .filter(({ notAfter }) => Date.parse(notAfter) <= now.getTime())
    .map(({ commonName, notAfter, fingerprint }) => ({
      reason: 'AnchorExpired',
      severity: 'warn',
      message: `anchor ${commonName} (${fingerprint.slice(0, 12)}) expired at ${notAfter}`,
      subject: named(authoritative.store),
      hint: 'identity issues nothing under it; `linkerd check` fails while it is there',
    }));
}

export function copiesDiffer({ stores }: PreflightObservation): Finding[] {
  const [authoritative, ...copies] = stores;
  if (!authoritative) return [];
  return copies
    .filter((copy) => copy.anchors.length > 0 && anchorSet(copy) !== anchorSet(authoritative))
    .map(({ store }) => ({
      reason: 'CopiesDiffer',
      severity: 'warn',
      message: `its anchors are not those of ${authoritative.store}: a \`linkerd upgrade\` would change the mesh's trust`,
      subject: named(store),
      hint: 'reroot adds the new root to every copy, takes the old one out of every copy, and leaves other anchors as they are',
    }));
}

function anchorSet({ anchors }: StoreFacts): string {
  return anchors
    .map(({ fingerprint }) => fingerprint)
    .toSorted()
    .join();
}

function named(store: string): Subject {
  return { kind: 'object', name: store };
}
