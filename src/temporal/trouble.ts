import { isGrpcServiceError, NamespaceNotFoundError, ServiceError } from '@temporalio/client';
import { plain } from '../ground/plain.js';
import type { TemporalConfig } from './config.js';
import { isCloud } from './names.js';
import { type Met, meet } from './meet.js';

/** Why there is no talking to a Temporal server, in words that say which setting to look at. */

/** gRPC status codes. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;
/** How the SDK's Rust core writes the last two where it gives no code (descriptions of tonic::Code). */
const DENIED = /does not have permission|valid authentication credentials/;

/** @param error what a first call or the connection itself has failed with */
export async function connectionTrouble(error: unknown, config: TemporalConfig): Promise<string> {
  return refusalText(error, config) ?? metText(await meet(config), config, messageOf(error));
}

/** @returns undefined when it is no refusal: nothing has answered that knows who asks */
export function refusalText(error: unknown, config: TemporalConfig): string | undefined {
  const code = codeOf(error);
  if (error instanceof NamespaceNotFoundError || code === NOT_FOUND) return namespaceText(config);
  const denied = code === PERMISSION_DENIED || code === UNAUTHENTICATED || DENIED.test(messageOf(error));
  return denied ? credentialsText(messageOf(error), config) : undefined;
}

function namespaceText({ address, namespace }: TemporalConfig): string {
  const cure = isCloud(address)
    ? 'in Temporal Cloud its name has that of the account behind it (`name.account`)'
    : `to make it: \`temporal operator namespace create --namespace ${namespace} --retention 30d\``;
  return `Temporal server ${address} has no namespace ${namespace} (TEMPORAL_NAMESPACE, or the profile); ${cure}`;
}

function credentialsText(said: string, { address, namespace, connectionOptions }: TemporalConfig): string {
  const { apiKey, tls } = connectionOptions;
  const hasCertificate = typeof tls === 'object' && tls?.clientCertPair !== undefined;
  const cure = apiKey
    ? 'the API key (TEMPORAL_API_KEY, or the profile) may have ended, or be of another account or namespace'
    : hasCertificate
      ? 'the client certificate may be of another namespace'
      : 'it wants credentials: TEMPORAL_API_KEY, or a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH)';
  return `Temporal server ${address} does not let us into namespace ${namespace}: ${said}; ${cure}`;
}

/** What was met at the address, as a cause. */
export function metText(met: Met, { address, connectionOptions: { tls } }: TemporalConfig, said: string): string {
  const hasCertificate = typeof tls === 'object' && tls?.clientCertPair !== undefined;
  switch (met.kind) {
    case 'nobody':
      return `no Temporal server answers at ${address} (${met.why}). The address is that of TEMPORAL_ADDRESS, or of the profile`;
    case 'tls':
      return (
        `Temporal server ${address} wants TLS, and none is configured: set TEMPORAL_TLS=true, with TEMPORAL_API_KEY ` +
        'or a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH) where it asks for that'
      );
    case 'plain':
      return (
        `${address} speaks no TLS, and TLS is configured (TEMPORAL_TLS*, an API key, or the profile): ` +
        'name the address that has TLS, or take these away'
      );
    case 'untrusted':
      return (
        `the certificate of Temporal server ${address} is not trusted (${met.why}): name its CA with ` +
        'TEMPORAL_TLS_SERVER_CA_CERT_PATH, or the name in it with TEMPORAL_TLS_SERVER_NAME'
      );
    case 'wantsCertificate':
      return hasCertificate
        ? `Temporal server ${address} does not take the client certificate of TEMPORAL_TLS_CLIENT_CERT_PATH (${met.why})`
        : `Temporal server ${address} wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH`;
    default:
      return `no Temporal server answers at ${address}: ${said}`;
  }
}

/** The worker's own connection has the code in the error itself, the client's in its cause. */
function codeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof ServiceError && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}

/** The client says what it did in the message, and what went wrong in the cause. */
function messageOf(error: unknown): string {
  const cause = error instanceof ServiceError && error.cause ? error.cause : error;
  return plain(cause instanceof Error ? cause.message : String(cause));
}
