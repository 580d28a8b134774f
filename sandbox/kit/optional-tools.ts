import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHECKOUT } from '../cluster/paths.js';
import type { OptionalTool } from '../cluster/processes.js';

/** The environment with the variables of these tools. What is nowhere is built. */
export async function optionalTools(names: readonly OptionalTool[]): Promise<NodeJS.ProcessEnv> {
  if (names.length === 0) return process.env;
  const script = pathToFileURL(path.join(CHECKOUT, 'scripts', 'tools.mjs'));
  const { environmentWith } = (await import(script.href)) as {
    environmentWith: (wanted: readonly OptionalTool[]) => Promise<NodeJS.ProcessEnv>;
  };
  return await environmentWith(names);
}
