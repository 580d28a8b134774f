import type net from 'node:net';
import { CHAIN_PODS } from './chain-pods.js';
import type { Mesh } from './certificates.js';
import { ENVIRONMENT_PODS } from './environment-pods.js';

/** Something that a tenant may let listen on port 4191 of a pod that has a proxy's label. */
export interface HostilePod {
  name: string;
  /** What reroot asks it. */
  asked: 'environment' | 'chain';
  serve(mesh: Mesh): net.Server;
  /**
   * The problem that is said of it, or honest evidence, which meets no gate; or evidence about itself that is believed, and by
   * which it harms itself alone: nobody else believes it.
   */
  ends: RegExp | 'evidence' | 'believed';
}

export const CORPUS: readonly HostilePod[] = [...ENVIRONMENT_PODS, ...CHAIN_PODS];
