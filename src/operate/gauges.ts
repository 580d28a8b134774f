import { HOLDINGS } from '../rotation/census.js';
import type { CertificateSeen, MeshSeen, Overview, RotationSeen } from '../rotation/overview.js';
import type { RotationReport } from '../rotation/report.js';
import { watchAlertsOf } from '../rotation/scheduled-watch.js';
import type { Alert, RotationStatus } from '../rotation/status.js';
import { waitsOf } from '../rotation/waits.js';

/** What gauges say, from an overview alone. */

export interface Point {
  /** Beside `cluster`, which all have. */
  labels?: Record<string, string>;
  value: number;
}

/** Every gauge by name, with its labels beside `cluster`; docs/operate.md has the same table. */
export const GAUGES = [
  gauge('reroot_rotation_phase', '1 for the phase that the rotation under way is in, 0 for its others.', ['phase']),
  gauge('reroot_rotation_info', 'The rotation under way.', ['workflow_id', 'strategy', 'plan_hash']),
  gauge('reroot_rotation_started_timestamp_seconds', 'When the rotation under way was started.'),
  gauge('reroot_rotation_past_point_of_no_return', '1 once the old root is leaving the bundle.'),
  gauge('reroot_rotation_waiting_since_timestamp_seconds', 'Since when the rotation waits, by what for.', ['kind']),
  gauge('reroot_rotation_stragglers', 'Proxies that do not meet the gate, by reason.', ['reason']),
  gauge('reroot_alert_since_timestamp_seconds', 'Since when a rotation or a watch alerts, by reason.', ['reason']),
  gauge('reroot_last_rotation_finished_timestamp_seconds', 'When the last rotation ended with a report.', ['outcome']),
  gauge('reroot_proxies', 'Proxies by what their processes trust, and what they present.', [
    'namespace',
    'evidence',
    'state',
  ]),
  gauge('reroot_stale_proxies', 'Proxies whose anchors are not those of the bundle.', ['namespace']),
  gauge('reroot_trust_anchor_not_after_timestamp_seconds', 'When a trust anchor of the bundle ends.', [
    'fingerprint',
    'common_name',
    'role',
  ]),
  gauge('reroot_issuer_not_after_timestamp_seconds', 'When the identity issuer ends.', ['fingerprint']),
  gauge('reroot_bridge_not_after_timestamp_seconds', 'When the bridge certificate ends.', ['fingerprint']),
  gauge('reroot_look_timestamp_seconds', 'When the last look at the mesh began that has not failed.'),
  gauge('reroot_look_duration_seconds', 'How long that look took.'),
] as const;

type GaugeName = (typeof GAUGES)[number]['name'];
export type Series = Partial<Record<GaugeName, Point[]>>;

function gauge<N extends string>(name: N, help: string, labels: string[] = []) {
  return { name, help, labels };
}

/** A gauge that is not among them has no series. */
export function seriesOf(overview: Overview): Series {
  const { rotation, mesh, certificates, report } = overview;
  const running = rotation && isUnderWay(rotation) ? rotation : undefined;
  return {
    ...(running && ofRotation(running)),
    ...ofAlerts([...(running?.status?.alerts ?? []), ...watchAlertsOf(overview)]),
    ...(report && ofReport(report)),
    ...(mesh && ofMesh(mesh)),
    ...ofCertificates(certificates),
  };
}

function isUnderWay({ status }: RotationSeen): boolean {
  return status === undefined || status.outcome === 'running';
}

function ofRotation({ workflowId, status }: RotationSeen): Series {
  const labels = { workflow_id: workflowId, strategy: status?.strategy ?? '', plan_hash: status?.plan?.hash ?? '' };
  return { reroot_rotation_info: [{ labels, value: 1 }], ...(status && ofStatus(status)) };
}

function ofReport({ outcome, finishedAt }: RotationReport): Series {
  return { reroot_last_rotation_finished_timestamp_seconds: [{ labels: { outcome }, value: seconds(finishedAt) }] };
}

function ofStatus(status: RotationStatus): Series {
  const { phase, phases, startedAt, pastPointOfNoReturn, stragglers } = status;
  const names = new Set([...phases.map((one) => one.phase), phase]);
  const waits = waitsOf(status).map(({ kind, since }) => ({ key: kind, since }));
  const reasons = new Map<string, number>();
  for (const { reason } of stragglers) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    reroot_rotation_phase: [...names].map((name) => ({ labels: { phase: name }, value: name === phase ? 1 : 0 })),
    reroot_rotation_started_timestamp_seconds: [{ value: seconds(startedAt) }],
    reroot_rotation_past_point_of_no_return: [{ value: pastPointOfNoReturn ? 1 : 0 }],
    reroot_rotation_waiting_since_timestamp_seconds: earliest(waits).map(([kind, value]) => ({
      labels: { kind },
      value,
    })),
    reroot_rotation_stragglers: [...reasons].map(([reason, value]) => ({ labels: { reason }, value })),
  };
}

function ofAlerts(alerts: readonly Alert[]): Series {
  const all = alerts.map(({ reason, since }) => ({ key: reason, since }));
  return {
    reroot_alert_since_timestamp_seconds: earliest(all).map(([reason, value]) => ({ labels: { reason }, value })),
  };
}

/** Of several with one name the one that has lasted longest, in seconds since 1970. */
function earliest(all: readonly { key: string; since: string }[]): [string, number][] {
  const found = new Map<string, number>();
  for (const { key, since } of all) found.set(key, Math.min(found.get(key) ?? Infinity, seconds(since)));
  return [...found];
}

function ofMesh({ at, seconds: took, namespaces, stale }: MeshSeen): Series {
  const proxies = namespaces.flatMap(({ namespace, trusts, presents }) =>
    HOLDINGS.flatMap((state) =>
      [
        { labels: { namespace, evidence: 'trusts', state }, value: trusts[state] },
        { labels: { namespace, evidence: 'presents', state }, value: presents[state] },
      ].filter(({ value }) => value > 0),
    ),
  );
  return {
    reroot_proxies: proxies,
    reroot_stale_proxies: stale.map(({ namespace, proxies: value }) => ({ labels: { namespace }, value })),
    reroot_look_timestamp_seconds: [{ value: seconds(at) }],
    reroot_look_duration_seconds: [{ value: took }],
  };
}

function ofCertificates(certificates: readonly CertificateSeen[]): Series {
  const of = (wanted: CertificateSeen['kind']) => certificates.filter(({ kind }) => kind === wanted);
  const ends = (wanted: CertificateSeen['kind']) =>
    of(wanted).map(({ fingerprint, notAfter }) => ({
      labels: { fingerprint: short(fingerprint) },
      value: seconds(notAfter),
    }));
  return {
    reroot_trust_anchor_not_after_timestamp_seconds: of('anchor').map(
      ({ fingerprint, commonName, role = 'other', notAfter }) => ({
        labels: { fingerprint: short(fingerprint), common_name: commonName, role },
        value: seconds(notAfter),
      }),
    ),
    reroot_issuer_not_after_timestamp_seconds: ends('issuer'),
    reroot_bridge_not_after_timestamp_seconds: ends('bridge'),
  };
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}

function seconds(iso: string): number {
  return Date.parse(iso) / 1000;
}
