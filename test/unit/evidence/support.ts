import { sealed } from '../../../src/evidence/canonical.js';
import { fileText, type ReportFile } from '../../../src/evidence/file.js';
import { type BeginningLine, type EvidenceLine, FORMAT, type LineOfProxy } from '../../../src/evidence/lines.js';
import { inOrder, pack, writtenLines } from '../../../src/evidence/pack.js';
import type { Certificate } from '../../../src/pki/certificate.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { authority, crossCertified, leafUnder } from '../support.js';

/** A rotation of a small mesh that has ended, with its evidence, made of real certificates. */

export const start = authority('start');
export const made = authority('made');
export const bridge = crossCertified(start.issuer.certificate, made.root);
export const NAME = 'web.shop.serviceaccount.identity.linkerd.cluster.local';
export const [OLD, NEW] = [start.root.certificate, made.root.certificate];
/** Some minutes from now: whatever a test signs until then is valid. */
const AT = new Date(Date.now() + 600_000).toISOString();

const prints = (certificates: readonly Certificate[]) => certificates.map(({ fingerprint }) => fingerprint);

export interface Shows {
  anchors?: Certificate[];
  chain?: Certificate[];
  namespace?: string;
}

/** A proxy that has left the start behind, unless it shows something else. */
export class Mesh {
  readonly certificates = new Map<string, Certificate>();
  readonly lines: LineOfProxy[] = [];

  constructor() {
    this.#keep([OLD, NEW, start.issuer.certificate, made.issuer.certificate, bridge]);
  }

  proxy(pod: string, { anchors = [NEW], chain = this.freshChain(), namespace = 'shop' }: Shows = {}): this {
    this.#keep([...anchors, ...chain]);
    this.lines.push({
      ...{ kind: 'proxy', namespace, workload: 'Deployment/web', pod, uid: `uid-${namespace}-${pod}` },
      anchors: { at: AT, from: 'specification', certificates: prints(anchors) },
      chain: { at: AT, name: NAME, certificates: prints(chain) },
    });
    return this;
  }

  freshChain(): Certificate[] {
    return [leafUnder(made.issuer, { name: NAME }).certificate, made.issuer.certificate];
  }

  line(line: LineOfProxy): this {
    this.lines.push(line);
    return this;
  }

  #keep(certificates: readonly Certificate[]): void {
    for (const one of certificates) this.certificates.set(one.fingerprint, one);
  }
}

export interface Told {
  report?: Partial<RotationReport>;
  beginning?: Partial<BeginningLine>;
}

export const facts = ({ fingerprint, commonName, notBefore, notAfter }: Certificate) => ({
  ...{ fingerprint, commonName },
  ...{ notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() },
});

/** What is told of a mesh at the end of a rotation. */
export function fileOf({ lines, certificates }: Mesh, { report = {}, beginning = {} }: Told = {}): ReportFile {
  const counts = new Map<string, number>();
  for (const { namespace } of lines) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  const first: BeginningLine = {
    ...{ kind: 'rotation', format: FORMAT, outcome: 'completed', cluster: 'prod', linkerdNamespace: 'linkerd' },
    ...{ workflowId: 'trust-root-prod', runId: 'run-1', from: AT, to: AT },
    ...{ root: NEW.fingerprint, retired: [OLD.fingerprint] },
    retiredIssuer: [start.issuer.certificate.fingerprint, bridge.fingerprint],
    listed: [...counts].map(([namespace, proxies]) => ({ namespace, proxies })),
    withoutIdentity: 0,
    ...beginning,
  };
  const texts = [...writtenLines([first, ...inOrder(lines)], (fingerprint) => certificates.get(fingerprint)?.der)];
  const evidence = texts.map((text) => JSON.parse(text) as EvidenceLine);
  const packed = pack(texts, 16);
  const count = (kind: EvidenceLine['kind']) => evidence.filter((line) => line.kind === kind).length;
  const whole: RotationReport = {
    ...{ outcome: 'completed', cluster: 'prod', linkerdNamespace: 'linkerd', linkerdVersion: '2.20', layout: 'D' },
    ...{ strategy: 'bridge', workflowId: 'trust-root-prod', runId: 'run-1', startedAt: AT, finishedAt: AT },
    ...{ newRoot: facts(NEW), newIssuer: facts(made.issuer.certificate), oldRoots: [facts(OLD)] },
    ...{
      proxiesProven: lines.length,
      phases: [],
      waivers: [],
      approvals: [],
      notes: ['ü\u202E\uFFFD'],
      adopted: false,
    },
    evidence: {
      ...packed.index,
      ...{ at: AT, proxies: count('proxy'), waived: count('waived'), unseen: count('unseen') },
      ...{ leaving: 0, short: 0, certificates: count('certificate') },
    },
    ...report,
  };
  return { format: FORMAT, report: sealed(whole), evidence };
}

export function textOf(mesh: Mesh, told?: Told): string {
  return fileText(fileOf(mesh, told));
}
