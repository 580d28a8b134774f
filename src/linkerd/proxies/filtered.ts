import { Duplex } from 'node:stream';
import { ProbeError } from './probe-error.js';

/** Bytes that a proxy may send in answer to one question; a handshake has some 3 KB, `/env.json` with all variables 20. */
export const MOST_BYTES = 256 * 1024;
/** Pieces that they may come in: each costs, however small it is. */
export const MOST_PIECES = 1000;

/**
 * Counts what one stream brings.
 * @returns counts a piece of so many bytes, and throws ProbeError `Malformed` when it is too much
 */
export function bounded(what: string): (bytes: number) => void {
  let [bytes, pieces] = [0, 0];
  return (more) => {
    bytes += more;
    pieces += 1;
    if (bytes > MOST_BYTES) throw new ProbeError('Malformed', `${what} has more than ${MOST_BYTES / 1024} KB`);
    if (pieces > MOST_PIECES) throw new ProbeError('Malformed', `${what} came in more than ${MOST_PIECES} pieces`);
  };
}

/**
 * A stream that hands on what a filter makes of each piece that comes in, and ends with the filter's error. A plain socket
 * would be read natively, past us.
 */
export function filtered(stream: Duplex, filter: (chunk: Buffer) => Buffer): Duplex {
  const transport = new Duplex({
    read: () => stream.resume(),
    write: (chunk: Buffer, _encoding, callback) => {
      stream.write(chunk, callback);
    },
    final: (callback) => {
      stream.end(callback);
    },
    destroy: (error, callback) => {
      stream.destroy();
      callback(error);
    },
  });
  stream.on('data', (chunk: Buffer) => {
    if (transport.destroyed) return;
    try {
      const passed = filter(chunk);
      if (passed.length > 0 && !transport.push(passed)) stream.pause();
    } catch (error) {
      transport.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  stream.once('end', () => transport.push(null));
  stream.on('error', (error) => transport.destroy(error));
  stream.once('close', () => transport.destroy());
  return transport;
}
