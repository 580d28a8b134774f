import { isIP } from 'node:net';

/** Names under which nobody outside can have this server reached: a page of theirs could read it then (DNS rebinding). */
const OF_CLUSTER = /^[-a-z0-9.]+\.svc(\.cluster\.local)?$/;

/** Whether a request says that it is for this server: by its address, as localhost, as configured, or as a Service's name. */
export function isServedHost(header: string | undefined, configured: string): boolean {
  const name = nameOf(header?.trim().toLowerCase() ?? '');
  return isIP(name) !== 0 || name === 'localhost' || name === configured.toLowerCase() || OF_CLUSTER.test(name);
}

/** Without the port, and without the brackets of an IPv6 address. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d*$/, '');
}
