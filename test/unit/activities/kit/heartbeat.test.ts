import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { withHeartbeat } from '../../../../activities/kit/heartbeat.js';
import { StateError } from '../../../../src/ground/state-error.js';
import type { Kubernetes } from '../../../../src/kubernetes/client.js';
import { KubernetesError, type KubernetesErrorKind } from '../../../../src/kubernetes/errors.js';
import type { Linkerd } from '../../../../src/linkerd/detect.js';
import { readIssuer } from '../../../../src/linkerd/identity/issuer.js';
import { readField } from '../../../../src/linkerd/layouts/fields.js';
import { changedBundle, readAnchors } from '../../../../src/linkerd/layouts/stores.js';
import { readYamlField, replaceYamlField } from '../../../../src/linkerd/layouts/yaml-field.js';
import { readBundleState } from '../../../../src/linkerd/proxies/bundle-change.js';
import { encode } from '../../../../src/kubernetes/base64.js';
import { generateKey, parseKey, toSec1Pem } from '../../../../src/pki/key.js';
import { findKey, textOfError } from '../../../key-search.js';
import { UNFIT } from '../../hostile.js';

/** What the workflow gets of an error, in the n-th attempt. */
async function failureOf(
  error: unknown,
  attempt = 1,
): Promise<{ type?: string; message?: string; nonRetryable?: boolean }> {
  const { step } = withHeartbeat({
    step: async () => await Promise.reject(error instanceof Error ? error : new Error(String(error))),
  });
  const environment = new MockActivityEnvironment({ attempt });
  return (await environment
    .run(async () => await step())
    .then(
      () => ({}),
      (thrown: unknown) => thrown,
    )) as { type?: string; message?: string };
}

const refused = (kind: KubernetesErrorKind) => new KubernetesError({ kind, request: 'list pods', message: 'no' });

describe('a failure', () => {
  it('is told in one plain line of bounded length, whatever it quotes', async () => {
    const { message = '' } = await failureOf(
      new StateError('X', `\u001B[2J\n# Done ${'x'.repeat(100_000)}`, 'mend it'),
    );
    expect(message).toContain('# Done');
    expect(message).not.toMatch(UNFIT);
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThanOrEqual(2000);
  });
});

describe('an answer of the API server', () => {
  it.each<[KubernetesErrorKind, number, boolean]>([
    ['Unavailable', 50, false],
    ['Invalid', 1, true],
    ['NotFound', 1, true],
    // a token that has run out is renewed within minutes
    ['Unauthorized', 1, false],
    ['Unauthorized', 9, false],
    ['Unauthorized', 10, true],
    // a rotation outlives every session: it goes on when somebody has signed in
    ['SignIn', 1000, false],
    // an API server that has just started knows no roles
    ['Forbidden', 1, false],
    ['Forbidden', 3, false],
    ['Forbidden', 4, true],
  ])('%s in attempt %i: final %s', async (kind, attempt, nonRetryable) => {
    expect(await failureOf(refused(kind), attempt)).toMatchObject({ type: `Kubernetes${kind}`, nonRetryable });
  });
});

const linkerd = {
  namespace: 'linkerd',
  scheme: 'linkerd.io/tls',
  anchors: [{ kind: 'ConfigMap', name: 'roots', key: 'ca-bundle.crt', optional: true }],
} as unknown as Linkerd;

/** Objects that are there, with nothing in them. */
const empty = {
  core: {
    readNamespacedSecret: async () => await Promise.resolve({ data: {} }),
    readNamespacedConfigMap: async () => await Promise.resolve({ data: {} }),
  },
} as unknown as Kubernetes;

const BUNDLE = { kind: 'ConfigMap', name: 'roots', key: 'ca-bundle.crt', optional: false } as const;

describe('what only a person can mend', () => {
  it.each<[string, () => unknown]>([
    ['IssuerUnreadable', async () => await readIssuer(empty, linkerd)],
    ['BundleMissing', async () => await readAnchors(empty, linkerd)],
    ['FieldMissing', async () => await readField(empty, 'linkerd', BUNDLE)],
    ['BundleChangeUnknown', async () => await readBundleState(empty, 'linkerd')],
    ['EmptyBundleRefused', () => changedBundle('', {})],
    ['YamlUnreadable', () => readYamlField('a: [', ['a'])],
    ['YamlUnreadable', () => replaceYamlField('a: 1', ['b'], 'x')],
    ['KeyUnreadable', () => parseKey('no key')],
  ])('is said at once, with what to do: %s', async (reason, work) => {
    const error = await Promise.resolve()
      .then(work)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StateError);
    const { hint } = error as StateError;
    const failure = await failureOf(error);
    expect(failure).toMatchObject({ type: reason, nonRetryable: true });
    expect(failure.message).toContain(hint);
  });
});

describe('an error of somebody else', () => {
  it('loses what could be a part of a key, and its causes, and keeps its words and where it happened', async () => {
    const key = toSec1Pem(generateKey());
    const error = new SyntaxError(`Unexpected token 'M', ..."${encode(key)}" is not valid JSON`, {
      cause: new Error(key),
    });
    const failure = await failureOf(error);
    expect(findKey(textOfError(failure), key)).toBeUndefined();
    expect(failure).toMatchObject({
      type: 'SyntaxError',
      message: `Unexpected token 'M', ..."…" is not valid JSON`,
      nonRetryable: false,
      stack: expect.stringContaining('heartbeat.test.ts') as string,
    });
  });
});
