import { ProbeError } from './probe-error.js';

/** Alerts that end a handshake, as people call them (RFC 8446 section 6; those before it have the same numbers). */
const NAMES: Record<number, string> = {
  ...{ 0: 'close notify', 10: 'unexpected message', 20: 'bad record', 22: 'record overflow', 40: 'handshake failure' },
  ...{
    42: 'bad certificate',
    47: 'illegal parameter',
    50: 'decode error',
    51: 'decrypt error',
    70: 'protocol version',
  },
  ...{ 71: 'insufficient security', 80: 'internal error', 90: 'user canceled', 109: 'missing extension' },
  ...{ 110: 'unsupported extension', 112: 'unrecognized name', 116: 'certificate required' },
};
const WARNING = 1;
const CLOSE_NOTIFY = 0;

/** One of TLS 1.2 after which the handshake goes on. */
export function isWarning([level, alert]: Buffer): boolean {
  return level === WARNING && alert !== CLOSE_NOTIFY;
}

export function alertOf([, alert = 0]: Buffer): ProbeError {
  return new ProbeError('NoTls', `it ended the handshake: ${NAMES[alert] ?? 'an alert that nobody knows'}`);
}
