import { readFile } from 'node:fs/promises';
import { KubernetesError } from '../errors.js';
import { askPlugin, type Credential, nameOf, type Plugin } from './exec-plugin.js';

/**
 * Adapter: credentials that somebody else renews while a rotation goes on, by a plugin or in a file. They are kept while they hold,
 * and asked for anew once the API server has refused them; the library takes a refusal for final, and reads a file once a minute.
 */
export interface Renewable {
  /** @throws KubernetesError `SignIn` when there are none to be had */
  current(): Promise<Credential>;
  /** The API server has refused it. @returns whether there is, or can be, another */
  refused(credential: Credential): boolean;
  /** What a person does when it is refused again. */
  again: string;
}

/** A plugin that has just failed, or given what is refused, is not asked again at once by everybody who waits for it. */
const PAUSE_MS = 5000;
/** client-go reads a token file again after ten seconds (transport/token_source.go). */
const FILE_READ_MS = 10_000;

export function fromPlugin(plugin: Plugin): Renewable {
  const again = `sign in again: try \`kubectl\` with the same kubeconfig, which asks exec plugin ${nameOf(plugin.exec)} too`;
  return kept(again, async () => await askPlugin(plugin));
}

/** @param file is written anew by whoever renews the token */
export function fromFile(file: string): Renewable {
  let last: string | undefined;
  return kept(`the token in ${file} has to be renewed: sign in again`, async () => {
    const token = (await readFile(file, 'utf8').catch(otherwise(last))).trim();
    if (token === '') throw new Error(`the token file ${file} is empty`);
    last = token;
    return { token, until: Date.now() + FILE_READ_MS };
  });
}

/** While a file is being written anew it may not be there: the token that was read before goes on. */
function otherwise(last: string | undefined): (error: unknown) => string {
  return (error) => {
    if (last === undefined) throw error;
    return last;
  };
}

function kept(again: string, ask: () => Promise<Credential>): Renewable {
  let credential: Credential | undefined;
  let asking: Promise<Credential> | undefined;
  let failed: { error: KubernetesError; at: number } | undefined;
  let refusedAt = -Infinity;
  const renew = async (): Promise<Credential> => {
    try {
      credential = await ask();
      failed = undefined;
      return credential;
    } catch (error) {
      failed = { error: signIn(`${error instanceof Error ? error.message : String(error)}; ${again}`), at: Date.now() };
      throw failed.error;
    } finally {
      asking = undefined;
    }
  };
  return {
    again,
    current: async () => {
      if (credential && (credential.until ?? Infinity) > Date.now()) return credential;
      if (failed && Date.now() - failed.at < PAUSE_MS) throw failed.error;
      return await (asking ??= renew());
    },
    refused: (one) => {
      if (credential !== one) return true;
      if (Date.now() - refusedAt < PAUSE_MS) return false;
      refusedAt = Date.now();
      credential = undefined;
      return true;
    },
  };
}

/** Nobody can be asked who this is; the same request succeeds once somebody has signed in. */
export function signIn(message: string): KubernetesError {
  return new KubernetesError({ kind: 'SignIn', request: 'credentials', message });
}
