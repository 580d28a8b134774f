import { z } from 'zod';

/** What reroot reads of a kubeconfig (client-go tools/clientcmd/api/v1/types.go); what else is in it stays for the library. */

/** In Go an empty string is an absent one. */
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const list = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((all) => all ?? []);

const execSchema = z.object({
  apiVersion: text,
  command: text,
  args: list(z.string()),
  env: list(z.object({ name: z.string(), value: z.string().default('') })),
  installHint: text,
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: text,
});

const clusterSchema = z.looseObject({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
  extensions: list(z.object({ name: z.string(), extension: z.unknown() })),
});

const userSchema = z.looseObject({
  'client-certificate': text,
  'client-key': text,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': list(z.string()),
  'as-user-extra': z
    .record(z.string(), z.array(z.string()))
    .nullish()
    .transform((extra) => extra ?? {}),
  'auth-provider': z.looseObject({ name: text }).nullish(),
  exec: execSchema.nullish(),
});

const contextSchema = z.object({ cluster: text, user: text });

const named = <K extends string, T extends z.ZodType>(key: K, of: T) =>
  list(z.object({ name: z.string(), [key]: of } as { name: z.ZodString } & Record<K, T>));

export const kubeconfigSchema = z.object({
  'current-context': text,
  clusters: named('cluster', clusterSchema),
  users: named('user', userSchema.nullish()),
  contexts: named('context', contextSchema),
});

export type ClusterEntry = z.output<typeof clusterSchema>;
export type UserEntry = z.output<typeof userSchema>;
export type ContextEntry = z.output<typeof contextSchema>;
export type ExecEntry = z.output<typeof execSchema>;

/** Without credentials. */
export const NOBODY: UserEntry = userSchema.parse({});
