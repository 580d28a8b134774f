import type { Fingerprint } from '../ground/mesh.js';
import { present } from '../ground/present.js';
import { verifyChain } from '../pki/chain.js';
import { allHold, type Check, check, counted } from './checks.js';
import { certificatesOf, type Found, rootNamed } from './certificates.js';
import { digestsOf } from './digests.js';
import { fileText, readFile, type ReportFile } from './file.js';
import { anchorsShortfall, chainShortfall, short } from './judge.js';
import { type BeginningLine, nameOfProxy, type ProxyLine } from './lines.js';
import { nothingMissing, sameRotation } from './plan.js';
import { hasPrivateKey } from './private-keys.js';

/** What comes of `reroot verify`. */
export interface Verification {
  ok: boolean;
  /** Of the report, as the file says; what the workflow's result and whoever noted it have to say too. */
  digest?: string;
  checks: Check[];
}

/**
 * Verifies a report with nothing but the file: no cluster, no Temporal server, no clock. Chains are verified at the moment when they
 * were presented.
 * @param noted the digest, from elsewhere
 */
export function verifyReport(bytes: Buffer, noted?: string): Verification {
  const file = readFile(bytes.toString('utf8'));
  if (typeof file === 'string') return result([check('File', 'the file is a report of reroot', [file])]);
  return result(
    tried(() => checksOf(file, bytes, noted)),
    file.report.digest,
  );
}

function result(checks: Check[], digest?: string): Verification {
  return { ok: allHold(checks), ...present({ digest: typeof digest === 'string' ? digest : undefined }), checks };
}

/** Whoever has changed the file may have left anything in any field. */
function tried(checks: () => Check[]): Check[] {
  try {
    return checks();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [check('File', 'the file is a report of reroot', [`a field of it is not what it should be: ${message}`])];
  }
}

function checksOf(file: ReportFile, bytes: Buffer, noted: string | undefined): Check[] {
  const isAsWritten = Buffer.from(fileText(file)).equals(bytes);
  const asWritten = check(
    'File',
    'the file is just as reroot writes it',
    isAsWritten ? [] : ['it has been written anew: something in it is not where or how reroot would put it'],
  );
  const keys = hasPrivateKey(bytes.toString('utf8')) ? ['there is something like a private key in the file'] : [];
  return [
    asWritten,
    ...digestsOf(file, noted),
    ...proofs(file),
    check('NoPrivateKey', 'no private key is in the file', keys),
  ];
}

function proofs({ report, evidence }: ReportFile): Check[] {
  const [beginning] = evidence;
  if (beginning?.kind !== 'rotation') {
    const { evidence: said } = report;
    const why = said && 'missing' in said ? said.missing : 'it does not say why';
    return [check('NothingMissing', 'every proxy is accounted for', [`the report comes without evidence: ${why}`])];
  }
  const proxies = evidence.filter((line) => line.kind === 'proxy');
  const found = certificatesOf(evidence);
  return [
    sameRotation(report, beginning),
    found.check,
    chains(beginning, proxies, found),
    anchors(beginning, proxies),
    nothingMissing(report, beginning, evidence),
  ];
}

function chains(beginning: BeginningLine, proxies: readonly ProxyLine[], found: Found): Check {
  const { root, retired, outcome } = beginning;
  const problems = proxies.flatMap((proxy) => {
    const problem = chainProblem(proxy, { beginning, found });
    return problem ? [`${nameOfProxy(proxy)}: ${problem}`] : [];
  });
  const many = proxies.filter(({ chain }) => chain).length;
  const none =
    outcome === 'completed' && retired.length > 0
      ? `, and with none of the ${counted(retired.length, 'retired root')}`
      : '';
  const what = `${counted(many, 'presented chain')} ${many === 1 ? 'verifies' : 'verify'} with ${rootNamed(root, found)} alone at the time of the look${none}`;
  return check('Chains', what, problems);
}

interface Basis {
  beginning: BeginningLine;
  found: Found;
}

function chainProblem({ chain: presented, unstarted }: ProxyLine, { beginning, found }: Basis): string | undefined {
  if (!presented) return unstarted ? undefined : 'it has presented nothing';
  const at = new Date(presented.at);
  if (!(at >= new Date(beginning.from) && at <= new Date(beginning.to)))
    return 'it was not looked at when the others were';
  const { certificates } = presented;
  if (certificates.some((fingerprint) => !found.parsed(fingerprint)))
    return 'a certificate that it presented cannot be read';
  const verifiesWith = verifiedWith(presented, [beginning.root, ...beginning.retired], found);
  return chainShortfall({ chain: certificates, verifiesWith }, beginning);
}

/** With which of some roots, each alone, a chain verifies for its name at the moment when it was presented. */
export function verifiedWith(
  { at, name, certificates }: NonNullable<ProxyLine['chain']>,
  roots: readonly Fingerprint[],
  { parsed }: Found,
): Fingerprint[] {
  const chain = certificates.flatMap((fingerprint) => parsed(fingerprint) ?? []);
  return roots.filter((fingerprint) => {
    const root = parsed(fingerprint);
    return root && verifyChain({ chain, anchors: [root], at: new Date(at), as: 'proxy', name }).ok;
  });
}

function anchors(beginning: BeginningLine, proxies: readonly ProxyLine[]): Check {
  const problems = proxies.flatMap((proxy) => {
    const problem = anchorsProblem(proxy, beginning);
    return problem ? [`${nameOfProxy(proxy)}: ${problem}`] : [];
  });
  const many = proxies.filter((proxy) => proxy.anchors).length;
  const { retired } = beginning;
  const none = retired.length > 0 ? `, and none of the ${counted(retired.length, 'retired root')}` : '';
  return check(
    'Anchors',
    `${counted(many, 'process', 'processes')} ${many === 1 ? 'trusts' : 'trust'} root ${short(beginning.root)}${none}`,
    problems,
  );
}

function anchorsProblem(
  { anchors: held, identityAnchors, unstarted }: ProxyLine,
  beginning: BeginningLine,
): string | undefined {
  if (!held) return unstarted ? undefined : 'nobody knows what its process trusts';
  return (
    anchorsShortfall(held.certificates, beginning) ?? (identityAnchors && anchorsShortfall(identityAnchors, beginning))
  );
}
