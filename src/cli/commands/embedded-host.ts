import type { Command } from 'commander';
import { hostEmbedded } from '../session/embedded.js';
import { serve } from '../session/serve.js';

/** The background process of an embedded rotation: its Temporal server and its worker. For `reroot rotate`, not for people. */
export function addEmbeddedHostCommand(program: Command): void {
  program
    .command('embedded-host', { hidden: true })
    .requiredOption('--folder <folder>')
    .option('--ui')
    .action(async ({ folder, ui = false }: { folder: string; ui?: boolean }) => {
      const host = await hostEmbedded(folder, process.env, { ui });
      try {
        await serve({ ...process.env, TEMPORAL_ADDRESS: host.address }, host.idle());
      } finally {
        host.stop();
      }
    });
}
