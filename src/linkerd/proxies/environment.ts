import http from 'node:http';
import type { Duplex } from 'node:stream';
import { bounded, filtered } from './filtered.js';
import { ProbeError } from './probe-error.js';

/**
 * A variable of the proxy process, as its admin port tells it (`/env.json`, Linkerd 2.12 and later); the stream is destroyed
 * in any case.
 * @returns undefined when the process does not have it
 * @throws ProbeError
 */
export async function readVariable(stream: Duplex, name: string, timeoutMs: number): Promise<string | undefined> {
  const count = bounded('its answer');
  const counted = filtered(stream, (chunk) => {
    count(chunk.length);
    return chunk;
  });
  try {
    return variableIn(await get(`/env.json?${name}`, counted, timeoutMs), name);
  } finally {
    counted.destroy();
    stream.destroy();
  }
}

/** @throws ProbeError `Malformed` when the text is not an object of variables */
export function variableIn(text: string, name: string): string | undefined {
  const variables = parsed(text);
  const value = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (!isObject(variables) || (value !== undefined && value !== null && typeof value !== 'string')) {
    throw new ProbeError('Malformed', 'its answer is not what a proxy says at /env.json');
  }
  return value ?? undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProbeError('Malformed', 'its answer at /env.json is not JSON'); // the error would quote it
  }
}

function get(path: string, stream: Duplex, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ path, host: 'proxy', createConnection: () => stream });
    const fail = (error: Error) => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new ProbeError('Timeout', `no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', (error) => fail(probeError(error)));
    request.once('information', () => fail(notOfAProxy()));
    request.once('close', () => fail(new ProbeError('Malformed', 'its answer ended before its time')));
    request.once('response', (response) => {
      if (response.statusCode !== 200) fail(new ProbeError('Malformed', `GET ${path} answered ${response.statusCode}`));
      response.on('error', (error) => fail(probeError(error)));
      const count = bounded('its answer');
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        try {
          count(text.length);
          body += text;
        } catch (error) {
          fail(probeError(error));
        }
      });
      response.once('end', () => {
        clearTimeout(timer);
        resolve(body);
      });
    });
  });
}

function notOfAProxy(): ProbeError {
  return new ProbeError('Malformed', 'it answers as no proxy does');
}

function probeError(error: unknown): ProbeError {
  if (error instanceof ProbeError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code.startsWith('HPE_')) return new ProbeError('Malformed', `its answer is not HTTP (${code})`);
  return new ProbeError('Unreachable', message);
}
