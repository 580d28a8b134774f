import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/**
 * Adapter: the proxy that kubectl uses for a server, by the variables of the environment. The library knows `proxy-url` alone, and
 * undici's EnvHttpProxyAgent has other rules than Go: no CIDR, no loopback, HTTP_PROXY for https, lower case first
 * (golang.org/x/net/http/httpproxy).
 */

const DEFAULT_PORT: Partial<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** What a proxy may be (client-go tools/clientcmd, `proxy-url`). */
const SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:'];

/**
 * @param server URL of the API server
 * @param own `proxy-url` of the kubeconfig, which goes before the environment
 * @returns undefined: the server is reached directly
 * @throws Error when a proxy is named that cannot be used
 */
export function proxyOf(server: string, own: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const url = new URL(server);
  const [where, proxy] = own ? ['proxy-url of the kubeconfig', own] : fromEnvironment(url, env);
  return proxy ? usable(where, proxy) : undefined;
}

function fromEnvironment(url: URL, env: NodeJS.ProcessEnv): [string, string | undefined] {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = either(env, name);
  return [name, proxy && isProxied(url, either(env, 'NO_PROXY') ?? '') ? proxy : undefined];
}

/** Upper case goes before lower case. */
function either(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

/** A proxy without a scheme is one of http. The library looks names up itself for `socks5`; Go has the proxy do it. */
function usable(where: string, proxy: string): string {
  const whole = [proxy, `http://${proxy}`]
    .filter((one) => URL.canParse(one))
    .map((one) => new URL(one))
    .find((one) => one.host);
  if (!whole?.host || !SCHEMES.includes(whole.protocol))
    throw new Error(`${where} names a proxy that is none of ${SCHEMES.map((scheme) => `${scheme}//`).join(', ')}`);
  if (!whole.protocol.startsWith('socks')) return whole.href;
  return whole.href.replace(/^socks5:/, 'socks5h:');
}

/** Whether a server is reached through the proxy, as `NO_PROXY` has it. */
export function isProxied(url: URL, noProxy: string): boolean {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (DEFAULT_PORT[url.protocol] ?? '');
  if (host === 'localhost' || isLoopback(host)) return false;
  const entries = noProxy.split(',').map((entry) => entry.trim().toLowerCase());
  if (entries.includes('*')) return false;
  return !entries.some((entry) => (isIP(host) ? matchesAddress(entry, host, port) : matchesName(entry, host, port)));
}

function isLoopback(host: string): boolean {
  return covers('127.0.0.0', 8, host) || covers('::1', 128, host);
}

function covers(network: string, bits: number, host: string): boolean {
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function matchesAddress(entry: string, host: string, port: string): boolean {
  const [, network, bits] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) {
    const family = isIP(network);
    return family !== 0 && Number(bits) <= (family === 6 ? 128 : 32) && covers(network, Number(bits), host);
  }
  const { name, only } = withoutPort(entry);
  const family = isIP(name);
  return family !== 0 && covers(name, family === 6 ? 128 : 32, host) && (only === undefined || only === port);
}

function matchesName(entry: string, host: string, port: string): boolean {
  const { name, only } = withoutPort(entry);
  const bare = name.replace(/^\*\./, '.');
  if (bare === '' || isIP(bare) || (only !== undefined && only !== port)) return false;
  const suffix = domainToASCII(bare.replace(/^\./, '')) || bare.replace(/^\./, '');
  return host.endsWith(`.${suffix}`) || (!bare.startsWith('.') && host === suffix);
}

/** `host:port`, `[v6]:port`; an address of IPv6 without brackets has no port. */
function withoutPort(entry: string): { name: string; only?: string } {
  const [, v6, name, only] = /^(?:\[([^\]]*)\]|([^:]*)):(\d*)$/.exec(entry) ?? [];
  const host = v6 ?? name;
  if (host === undefined) return { name: entry.replaceAll(/^\[|\]$/g, '') };
  return only ? { name: host, only } : { name: host };
}
