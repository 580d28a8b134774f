/** Why a proxy could not be asked. The message is ours, or Node's: nothing in it is what the proxy has sent. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  constructor(
    readonly reason: 'Unreachable' | 'Timeout' | 'NoTls' | 'NoCertificate' | 'Malformed',
    message: string,
  ) {
    super(message);
  }
}
