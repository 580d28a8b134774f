/** Why a proxy could not be asked. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
  constructor(
    readonly reason: 'Unreachable' | 'Timeout' | 'NoTls' | 'NoCertificate' | 'Malformed',
    message: string,
  ) {
    super(message);
  }
}
