import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressIn, type WebhookBody, webhookAt, webhookBody, WebhookError } from '../../../src/operate/webhook.js';
import type { Notice } from '../../../src/operate/notices.js';
import { NOON } from './support.js';

const TOKEN = 'T0KEN-in-the-path';
const TIMES = { deadline: 500, backoff: 1, patience: 100 };
const notice: Notice = {
  key: 'trust-root-prod 2026 RotationStuck',
  reason: 'RotationStuck',
  type: 'Warning',
  message: 'waits for <!channel> & "pods", @all `x`',
  since: NOON,
  workflowId: 'trust-root-prod',
  phase: 'trust',
};
const body = webhookBody(notice, { cluster: 'prod', version: '1.2.3' });

/** A receiver, and what it has received. */
const received: { method?: string; url?: string; type?: string; body: string }[] = [];
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
const ok = (_: IncomingMessage, response: ServerResponse) => response.end('ok');
const says =
  (status: number, headers = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, headers).end('no');
const receiver = createServer((request, response) => {
  let text = '';
  request.on('data', (part: Buffer) => (text += part.toString()));
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    received.push({ method, url, type: headers['content-type'] ?? '', body: text });
    (answers.shift() ?? ok)(request, response);
  });
});
const folder = mkdtempSync(path.join(tmpdir(), 'reroot-webhook-'));
const port = () => (receiver.address() as AddressInfo).port;
const address = () => `http://127.0.0.1:${port()}/services/${TOKEN}`;
const send = async (place: Parameters<typeof webhookAt>[0] = { url: address() }) =>
  await webhookAt(place, TIMES)?.send(body);
const failure = async (work: Promise<unknown> | undefined): Promise<WebhookError> => {
  const error = await work?.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WebhookError);
  return error as WebhookError;
};

beforeAll(async () => await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  received.length = 0;
  answers = [];
  vi.unstubAllEnvs();
});

describe('a message', () => {
  it('has a text that links nothing and calls nobody, and the facts for programs', () => {
    expect(body).toEqual({
      text: ':warning: *RotationStuck* waits for &lt;!channel&gt; &amp; "pods", ＠all `x`',
      reroot: { ...notice, cluster: 'prod', version: '1.2.3' },
    } satisfies WebhookBody);
    expect(webhookBody({ ...notice, type: 'Normal' }, { cluster: 'c', version: '1' }).text).toMatch(
      /^\*RotationStuck\* /,
    );
  });

  it('is one POST of JSON', async () => {
    await send();
    expect(received).toEqual([
      { method: 'POST', url: `/services/${TOKEN}`, type: 'application/json', body: JSON.stringify(body) },
    ]);
  });
});

describe('a receiver that does not take it', () => {
  it.each<[string, typeof answers, number]>([
    ['is asked again after 503 and 429', [says(503), says(429), ok], 3],
    ['is waited for as long as it asks', [says(429, { 'retry-after': '0.02' }), ok], 2],
    ['is asked again after a broken connection', [(request) => request.destroy(), ok], 2],
    ['is asked again when it does not answer in time', [() => undefined, ok], 2],
  ])('%s', async (_what, given, requests) => {
    answers = given;
    await send();
    expect(received).toHaveLength(requests);
  });

  it.each<[string, typeof answers, number, string]>([
    ['three times', [says(500), says(502), says(500)], 3, 'HTTP 500'],
    ['once when it says no', [says(404)], 1, 'HTTP 404'],
    ['not when it asks to wait for long', [says(429, { 'retry-after': '3600' })], 1, 'HTTP 429'],
    [
      'not when it asks to wait until a date',
      [says(503, { 'retry-after': 'Wed, 01 Jan 2120 00:00:00 GMT' })],
      1,
      'HTTP 503',
    ],
  ])('is asked %s', async (_what, given, requests, why) => {
    answers = given;
    const { message } = await failure(send());
    expect(message).toBe(`the webhook at 127.0.0.1:${port()} has not taken a message: ${why}`);
    expect(received).toHaveLength(requests);
  });

  it('does not send it elsewhere', async () => {
    answers = [says(307, { location: `http://127.0.0.1:${port()}/elsewhere` })];
    expect((await failure(send())).message).toContain('HTTP 307');
    expect(received.map(({ url }) => url)).toEqual([`/services/${TOKEN}`]);
  });
});

describe('its address', () => {
  it('is told to nobody, whatever fails', async () => {
    answers = [says(404)];
    const errors = [
      await failure(send()),
      await failure(send({ url: `http://127.0.0.1:1/${TOKEN}` })),
      await failure(send({ url: `https://127.0.0.1:${port()}/${TOKEN}` })),
      await failure(send({ url: `https://name.invalid/${TOKEN}` })),
      await failure(send({ url: `not a URL ${TOKEN}` })),
      await failure(send({ url: `http://example.com/${TOKEN}` })),
      await failure(send({ url: `https://user:${TOKEN}@example.com/` })),
    ];
    for (const error of errors)
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(TOKEN);
    expect(errors.map(({ message }) => message)).toEqual([
      `the webhook at 127.0.0.1:${port()} has not taken a message: HTTP 404`,
      'the webhook at 127.0.0.1:1 has not taken a message: ECONNREFUSED',
      expect.stringMatching(/^the webhook at 127\.0\.0\.1:\d+ has not taken a message: [A-Z_]+$/),
      expect.stringMatching(/^the webhook at name\.invalid has not taken a message: (ENOTFOUND|EAI_AGAIN)$/),
      "the webhook's address is no URL that begins with https://",
      'the address of the webhook at example.com is not https: who listens on the way would know it',
      'the address of the webhook at example.com has a user or a password in it',
    ]);
  });

  it.each(['https://hooks.example.com/x', 'http://127.0.0.1:8080/x', 'http://localhost/x', 'http://[::1]:80/x'])(
    'may be %s',
    (text) => {
      expect(addressIn(text).href).toBe(new URL(text).href);
    },
  );
  it.each(['http://10.0.0.1/x', 'http://127.0.0.1.example.com/x', 'ftp://example.com', 'file:///etc/passwd', ''])(
    'may not be %s',
    (text) => {
      expect(() => addressIn(text)).toThrow(WebhookError);
    },
  );

  it('is read from its file at each message, because Secrets are renewed', async () => {
    const file = path.join(folder, 'url');
    const webhook = webhookAt({ file }, TIMES);
    expect((await failure(webhook?.send(body))).message).toBe(
      "the file with the webhook's address cannot be read: ENOENT",
    );
    for (const name of ['first', 'second']) {
      writeFileSync(file, `http://127.0.0.1:${port()}/${name}\n`);
      await webhook?.send(body);
    }
    expect(received.map(({ url }) => url)).toEqual(['/first', '/second']);
  });

  it('is nowhere: there is no webhook', () => {
    expect(webhookAt({})).toBeUndefined();
    expect(webhookAt({ url: '', file: '' })).toBeUndefined();
  });
});

it('goes by the proxy that the environment names', async () => {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    const far = createConnection(port(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.write(head);
      far.pipe(socket).pipe(far);
    });
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('http_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv('no_proxy', '');
  await send({ url: `http://localhost:${port()}/through` });
  expect(asked).toEqual([`localhost:${port()}`]);
  expect(received.map(({ url }) => url)).toEqual(['/through']);
  proxy.closeAllConnections();
  proxy.close();
});
