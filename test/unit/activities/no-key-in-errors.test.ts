import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import type { createActivities } from '../../../activities/index.js';
import { encode } from '../../../src/kubernetes/base64.js';
import { LAST_APPLIED } from '../../../src/kubernetes/last-applied.js';
import { toPkcs8Pem, toSec1Pem } from '../../../src/pki/key.js';
import { rotationSecretOf } from '../../../src/records/rotation-secret.js';
import type { StepInput } from '../../../src/rotation/payloads.js';
import type { RotationReport } from '../../../src/rotation/report.js';
import { findKey, textOfError } from '../../key-search.js';
import { carryOut, clusterWith, type FakeCluster, newRotation, next, old, step } from './cluster.js';

const KEY = toSec1Pem(old.issuer.privateKey);
const PKCS8 = toPkcs8Pem(next.root.privateKey);
const KEYS = [KEY, PKCS8, toSec1Pem(next.issuer.privateKey), toSec1Pem(next.root.privateKey)];
const BODY = KEY.split('\n').slice(1, -2).join('');
const indented = (pem: string, by: number) => pem.trimEnd().replaceAll('\n', `\n${' '.repeat(by)}`);
const document = (keyPem: string) => `identity:
  issuer:
    tls:
      crtPEM: |
        ${indented(old.issuer.certificate.pem, 8)}
      keyPEM: ${keyPem}
identityTrustAnchorsPEM: |
  ${indented(old.root.certificate.pem, 2)}
`;

/** The values of a CLI install as somebody has broken them: each parser's error is about the line with the key. */
const MALFORMED: Record<string, string> = {
  'a key behind the block header': document(`|${BODY}`),
  'a key behind a folded header': document(`>-${BODY}`),
  'a quote that is not closed': document(`"${KEY}`),
  'a single quote that is not closed': document(`'${KEY}`),
  'a line that is not indented': document(`|\n${KEY}`),
  'a tab before it': document(`|\n\t${KEY.replaceAll('\n', '\n\t')}`),
  'a bad escape': document(`"\\q${BODY}\\q"`),
  'an alias of it': document(`*${BODY}`),
  'an anchor of it': document(`&${BODY} &${BODY} x`),
  'a tag of it': document(`!<${BODY} x`),
  'a directive': `%${BODY}\n${document('x')}`,
  'a second document': `${document('x')}---\n${BODY}: [`,
  'a flow that is not closed': document(`[${BODY}, {${BODY}: `),
  'a flow with a lost comma': document(`{a: ${BODY} : ${BODY}, ${BODY} ]`),
  'a key that stands there twice': document(`x\n      keyPEM: ${BODY}\n      ${BODY}: y\n      ${BODY}: z`),
  'a mapping in a value': document(`${BODY}: ${BODY}: y`),
  'a reserved character': document(`@${BODY}`),
  'a backtick': document(`\`${BODY}\``),
  'a comment without space': document(`"${BODY}"#${BODY}`),
  'JSON that is cut off': JSON.stringify({ identity: { issuer: { tls: { keyPEM: KEY } } } }).slice(0, -5),
  'JSON with two values': `{"a": "${BODY}"} {"b": "${BODY}"`,
  'a scheme that runs on': `identity:\n  issuer:\n    scheme: linkerd.io/tls\n      ${BODY}\n`,
  'a list instead': `- ${BODY}\n- ${BODY}`,
  'the key alone': KEY,
  'a NUL': document(`${BODY}\0${BODY}`),
};

type Act = (activities: ReturnType<typeof createActivities>) => (input: never) => Promise<unknown>;

const withSecret = (input: StepInput): StepInput => ({
  ...input,
  settings: { ...input.settings, certificates: { secret: 'mine' } },
});
const report = { outcome: 'completed', runId: 'run-1', finishedAt: '2026-01-01T00:00:00Z' } as RotationReport;
const phase = { ...step(), phase: 'trust' as const, waivers: [], retry: 0 };

/** Every activity that reads or writes a Secret. */
const ACTIVITIES: [string, Act, object][] = [
  ['preflight', ({ preflight }) => preflight, step()],
  ['generate', ({ generate }) => generate, step()],
  ['generate (yours)', ({ generate }) => generate, withSecret(step())],
  ['generate (issuer)', ({ generate }) => generate, step({}, { strategy: 'issuer' })],
  ['generate (issuer, yours)', ({ generate }) => generate, withSecret(step({}, { strategy: 'issuer' }))],
  ['addTarget', ({ addTarget }) => addTarget, phase],
  ['writeIssuer', ({ writeIssuer }) => writeIssuer, { ...step(), state: 'new' }],
  ['writeIssuer (bridge)', ({ writeIssuer }) => writeIssuer, { ...withSecret(step()), state: 'bridge' }],
  ['keepBridge', ({ keepBridge }) => keepBridge, withSecret(step())],
  ['putBack', ({ putBack }) => putBack, step()],
  ['checkGate', ({ checkGate }) => checkGate, phase],
  ['discard', ({ discard }) => discard, step()],
  ['finish', ({ finish }) => finish, { ...withSecret(step()), report }],
];

vi.setConfig({ testTimeout: 120_000 });

const converter = new DefaultFailureConverter();

/** All that leaves an activity: its result, or the failure as Temporal keeps it, with causes and stacks. */
async function leaves(cluster: FakeCluster, act: Act, input: object): Promise<{ text: string; failed: boolean }> {
  try {
    const result: unknown = await carryOut(cluster, act as never, input);
    return { text: JSON.stringify(result) ?? '', failed: false };
  } catch (error) {
    const failure = converter.errorToFailure(error, defaultPayloadConverter);
    const details = failure.applicationFailureInfo?.details?.payloads?.map(({ data }) =>
      Buffer.from(data ?? []).toString(),
    );
    return { text: `${JSON.stringify(failure)} ${details?.join(' ')} ${textOfError(error)}`, failed: true };
  }
}

/** @returns how many of the activities have failed */
async function expectNoKey(make: () => FakeCluster): Promise<number> {
  let failures = 0;
  for (const [name, act, input] of ACTIVITIES) {
    const { text, failed } = await leaves(make(), act, input);
    failures += failed ? 1 : 0;
    for (const key of KEYS) expect(findKey(text, key), `${name}: ${text.slice(0, 300)}`).toBeUndefined();
  }
  return failures;
}

const bundle = [old.root.certificate, next.root.certificate];

describe('a document with a key in it that no parser understands', () => {
  it.each(Object.entries(MALFORMED))('leaves no activity: %s', async (_what, text) => {
    const overrides = (name: string) => () => {
      const cluster = clusterWith({ bundle, rotation: newRotation({ firstRunId: 'run-1' }) });
      if (name === 'linkerd-config') cluster.put('ConfigMap/linkerd-config', { data: { values: text } });
      else cluster.put(`Secret/${name}`, { data: { [name]: encode(text) } });
      return cluster;
    };
    await expectNoKey(overrides('linkerd-config-overrides'));
    await expectNoKey(overrides('linkerd-config'));
  });
  it('is in more than 13 cases one of which a parser says what is wrong: this is no test of nothing', async () => {
    const failed: string[] = [];
    for (const [what, text] of Object.entries(MALFORMED)) {
      const cluster = clusterWith({ bundle });
      cluster.put('Secret/linkerd-config-overrides', { data: { 'linkerd-config-overrides': encode(text) } });
      const { text: said } = await leaves(cluster, ({ generate }) => generate, step());
      if (/not YAML: [A-Z_]+ in line \d/.test(said)) failed.push(what);
    }
    expect(failed.length).toBeGreaterThan(13);
  });
});

/** What takes the place of a field's text. */
const BROKEN: [string, string][] = [
  ['cut off', KEY.slice(0, 150)],
  ['without its head', BODY],
  ['without line ends', KEY.replaceAll('\n', '')],
  ['of another kind', KEY.replaceAll('EC PRIVATE', 'RSA PRIVATE')],
  ['called a certificate', KEY.replaceAll('EC PRIVATE KEY', 'CERTIFICATE')],
  ['called encrypted', KEY.replaceAll('EC PRIVATE', 'ENCRYPTED PRIVATE')],
  ['with its head as label', `-----BEGIN ${BODY.toUpperCase()}-----\n${BODY}\n-----END ${BODY.toUpperCase()}-----\n`],
  ['two of them', KEY + PKCS8],
  ['PKCS#8', PKCS8],
  ['with a bad character', KEY.replace(BODY.slice(20, 24), '!!!!')],
  ['in base64 once more', encode(KEY)],
  ['between certificates', old.issuer.certificate.pem + KEY + next.issuer.certificate.pem],
  ['as bytes', Buffer.from(BODY, 'base64').toString('latin1')],
  ['in JSON that is cut off', `{"data":{"key.pem":"${encode(KEY)}"`],
];

describe('a key where another text should be', () => {
  const FIELDS: Record<string, string[]> = {
    'linkerd-identity-issuer': ['crt.pem', 'key.pem'],
    'reroot-rotation': ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'previous.tls.crt', 'previous.tls.key', 'bridge.crt'],
    'reroot-trust-root': ['ca.crt', 'ca.key'],
    mine: ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'],
  };
  const fields = Object.entries(FIELDS).flatMap(([name, keys]) => keys.map((key) => [name, key] as const));

  function cluster(name: string, key: string, text: string): FakeCluster {
    const rotation = newRotation({ firstRunId: 'run-1', rootKeyPem: PKCS8 });
    const made = clusterWith(name === 'reroot-rotation' ? { bundle, rotation } : { bundle });
    made.put('Secret/mine', { data: { 'ca.crt': encode(next.root.certificate.pem), 'ca.key': encode(PKCS8) } });
    made.put('Secret/reroot-trust-root', {
      data: { 'ca.crt': encode(old.root.certificate.pem), 'ca.key': encode(toSec1Pem(old.root.privateKey)) },
    });
    const found = made.objects.get(`Secret/${name}`) ?? rotationSecretOf(rotation);
    made.put(`Secret/${name}`, {
      metadata: { annotations: { ...found.metadata?.annotations, [LAST_APPLIED]: text } },
      data: { ...found.data, [key]: encode(text) },
    });
    return made;
  }

  it.each(BROKEN)('leaves no activity: %s', async (_what, text) => {
    let failures = 0;
    for (const [name, key] of fields) failures += await expectNoKey(() => cluster(name, key, text));
    expect(failures).toBeGreaterThan(10);
  });
});
