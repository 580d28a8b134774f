import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { plain } from '../../ground/plain.js';
import { type ClusterEntry, type ContextEntry, kubeconfigSchema, NOBODY, type UserEntry } from './schema.js';

/**
 * Adapter: which cluster and user a kubeconfig means, as kubectl has it (client-go tools/clientcmd/loader.go, and kubernetes.io,
 * "Organizing Cluster Access Using kubeconfig Files"). `KubeConfig.loadFromDefault` refuses a list with a missing file or a name
 * that is in two of them, and drops `tokenFile`, `as-groups`, `as-uid`, `as-user-extra` and the extensions of a cluster.
 */

/** What one context stands for. */
export interface Chosen {
  context: string;
  clusterName: string;
  cluster: ClusterEntry;
  userName: string;
  user: UserEntry;
  /** The files it was read from, for messages. */
  files: string;
}

type Entries = ReturnType<typeof kubeconfigSchema.parse>;

/** The files that `KUBECONFIG` lists, each once; empty entries are none. */
export function listed(kubeconfig: string): string[] {
  return [...new Set(kubeconfig.split(path.delimiter).filter((file) => file !== ''))];
}

/** The same list, for a process that may have another working directory. */
export function absoluteFiles(kubeconfig: string): string {
  return listed(kubeconfig)
    .map((file) => path.resolve(file))
    .join(path.delimiter);
}

/**
 * @param kubeconfig one file or a list, as in `KUBECONFIG`; absent: `~/.kube/config`
 * @param wanted name of the context; absent: the current one
 * @returns undefined when there is no kubeconfig, and none was named
 * @throws Error that names the file, and never quotes it: there are keys in it
 */
export function readKubeconfig(kubeconfig: string | undefined, wanted: string | undefined): Chosen | undefined {
  const named = kubeconfig ? listed(kubeconfig) : [];
  const files = (named.length > 0 ? named : [path.join(homedir(), '.kube', 'config')]).filter((file) =>
    existsSync(file),
  );
  if (files.length > 0) return chosen(merged(files.map(readEntries)), wanted, files.join(path.delimiter));
  if (named.length === 0) return undefined;
  throw new Error(
    named.length === 1
      ? `the kubeconfig ${named[0]} does not exist`
      : `none of the kubeconfigs ${named.join(', ')} exists`,
  );
}

function readEntries(file: string): Entries {
  const entries = kubeconfigSchema.safeParse(parsed(file, textOf(file)) ?? {});
  if (!entries.success) {
    const where = entries.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).slice(0, 3);
    throw new Error(`the kubeconfig ${file} is not one: ${plain(where.join('; '))}`);
  }
  refuseDoubles(file, entries.data);
  return withAbsolutePaths(entries.data, path.dirname(path.resolve(file)));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`the kubeconfig ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** A parser quotes the lines that it does not understand: what it says is not passed on. */
function parsed(file: string, text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    const { name, linePos } = error as Error & { linePos?: readonly { line: number }[] };
    const where = linePos?.[0] ? ` (line ${linePos[0].line})` : '';
    // eslint-disable-next-line preserve-caught-error -- the cause quotes the file
    throw new Error(`the kubeconfig ${file} is not one: ${name}${where}; \`kubectl config view\` says what is wrong`);
  }
}

function refuseDoubles(file: string, { clusters, users, contexts }: Entries): void {
  for (const [what, all] of Object.entries({ clusters, users, contexts })) {
    const names = all.map(({ name }) => name);
    const double = names.find((name, index) => names.indexOf(name) !== index);
    if (double !== undefined)
      throw new Error(`the kubeconfig ${file} has two ${what} ${plain(double)}: which is meant nobody can say`);
  }
}

/** What is relative in a file is so to its own folder; of commands, those with a slash (client-go, ResolveLocalPaths). */
function withAbsolutePaths(entries: Entries, folder: string): Entries {
  const at = <T extends object>(entry: T, ...keys: (keyof T)[]): T => ({
    ...entry,
    ...Object.fromEntries(keys.flatMap((key) => (entry[key] ? [[key, path.resolve(folder, String(entry[key]))]] : []))),
  });
  return {
    ...entries,
    clusters: entries.clusters.map(({ name, cluster }) => ({ name, cluster: at(cluster, 'certificate-authority') })),
    users: entries.users.map(({ name, user }) => {
      if (!user) return { name, user };
      const resolved = at(user, 'client-certificate', 'client-key', 'tokenFile');
      const { exec } = resolved;
      return { name, user: exec?.command?.includes('/') ? { ...resolved, exec: at(exec, 'command') } : resolved };
    }),
  };
}

/** The first file that sets a value or a name wins, with all of that entry. */
function merged(all: readonly Entries[]): Entries {
  const first = <T extends { name: string }>(entries: readonly T[]): T[] => [
    ...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values(),
  ];
  return {
    'current-context': all.find((entries) => entries['current-context'])?.['current-context'],
    clusters: first(all.flatMap(({ clusters }) => clusters)),
    users: first(all.flatMap(({ users }) => users)),
    contexts: first(all.flatMap(({ contexts }) => contexts)),
  };
}

function chosen(entries: Entries, wanted: string | undefined, files: string): Chosen {
  const name = wanted ?? entries['current-context'];
  const context = entries.contexts.find((one) => one.name === name)?.context;
  if (name === undefined || !context) throw new Error(noContext(entries, name, files));
  const cluster = entries.clusters.find((one) => one.name === context.cluster)?.cluster;
  if (!cluster?.server)
    throw new Error(
      `context ${plain(name)} of the kubeconfig ${files} names cluster ${plain(context.cluster ?? '(none)')}, which is not there or has no server`,
    );
  return {
    ...{ context: name, clusterName: context.cluster ?? '', cluster, files },
    ...chosenUser(entries, name, context, files),
  };
}

/** A context without a user is one without credentials. */
function chosenUser(
  { users }: Entries,
  name: string,
  context: ContextEntry,
  files: string,
): Pick<Chosen, 'user' | 'userName'> {
  const userName = context.user ?? 'nobody';
  const found = users.find((one) => one.name === context.user);
  if (context.user && !found)
    throw new Error(
      `context ${plain(name)} of the kubeconfig ${files} names user ${plain(userName)}, which is not there`,
    );
  return { userName, user: found?.user ?? NOBODY };
}

function noContext({ contexts }: Entries, name: string | undefined, files: string): string {
  const known = contexts.map((one) => plain(one.name)).toSorted();
  const has =
    known.length > 0 ? `it has ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}` : 'it has none';
  return name === undefined
    ? `the kubeconfig ${files} has no current context: give --context; ${has}`
    : `there is no context ${plain(name)} in the kubeconfig ${files}; ${has}`;
}
