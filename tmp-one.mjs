// src/kubernetes/client.ts
import {
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  createConfiguration as createConfiguration2,
  CustomObjectsApi,
  HttpMethod,
  AdmissionregistrationV1Api,
  PolicyV1Api,
  RbacAuthorizationV1Api,
  ServerConfiguration as ServerConfiguration2,
  wrapHttpLibrary
} from "@kubernetes/client-node";
import pThrottle from "p-throttle";

// src/ground/present.ts
function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== void 0));
}

// src/kubernetes/access/access.ts
import { isatty } from "node:tty";
import { KubeConfig } from "@kubernetes/client-node";

// src/ground/plain.ts
var LONGEST_TEXT = 200;
var LONGEST_SAYING = 1e3;
var LONGEST_NAME = 253;
var BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
var RUNS_OF_UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
var REPLACEMENT = "\uFFFD";
function plain(text2, most = LONGEST_TEXT) {
  const start = text2.slice(0, most * 2);
  const points = Array.from(start.replaceAll(BREAKS, " ").replaceAll(RUNS_OF_UNSEEN, REPLACEMENT));
  const isWhole = start.length === text2.length && points.length <= most;
  return isWhole ? points.join("") : `${points.slice(0, most - 1).join("")}\u2026`;
}

// src/kubernetes/access/credentials.ts
import { readFile } from "node:fs/promises";

// src/kubernetes/errors.ts
var LONGEST_ANSWER = 300;
var TRANSIENT = ["TooManyRequests", "Unavailable", "Timeout", "Network", "SignIn"];
var KIND_OF_STATUS = {
  400: "Invalid",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  408: "Timeout",
  409: "Conflict",
  422: "Invalid",
  429: "TooManyRequests",
  504: "Timeout"
};
var KubernetesError = class extends Error {
  name = "KubernetesError";
  kind;
  /** HTTP status, 0 when no answer came. */
  status;
  /** What the server asked to wait before the next try, in milliseconds. */
  retryAfterMs;
  constructor({ kind, request, message, status = 0, retryAfterMs }) {
    super(`${request}: ${plain(message.trim(), LONGEST_SAYING)}`);
    this.kind = kind;
    this.status = status;
    if (retryAfterMs !== void 0) this.retryAfterMs = retryAfterMs;
  }
  /** Whether the same request may succeed later without anybody changing anything. */
  get transient() {
    return TRANSIENT.includes(this.kind);
  }
};
function isKubernetesError(error, ...kinds) {
  return error instanceof KubernetesError && (kinds.length === 0 || kinds.includes(error.kind));
}
function fromResponse(request, status, headers, body) {
  const { reason, message } = parseStatus(body);
  const retryAfter = Number(headers["retry-after"]);
  return new KubernetesError({
    kind: kindOf(status, reason),
    request,
    message: message || `HTTP ${status}`,
    status,
    retryAfterMs: retryAfter > 0 && Number.isFinite(retryAfter) ? retryAfter * 1e3 : void 0
  });
}
function fromFailure(request, error) {
  if (error instanceof Error && error.name === "TimeoutError")
    return new KubernetesError({ kind: "Timeout", request, message: "the API server did not answer in time" });
  return new KubernetesError({ kind: "Network", request, message: `no connection (${failureText(error)})` });
}
var SPEAKING_CODE = /^(?:E[A-Z0-9]+|EAI_[A-Z]+|UND_ERR_[A-Z_]+|ERR_(?:TLS|SSL|OSSL)_[A-Z0-9_]+|CERT_[A-Z_]+|UNABLE_TO_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|HOSTNAME_MISMATCH)$/;
function failureText(error) {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one;
    if (typeof code === "string" && SPEAKING_CODE.test(code)) return one.message || code;
  }
  const name = error instanceof Error ? error.name : typeof error;
  return `${name}; its text may quote credentials or keys and is not shown: try \`kubectl\` with the same kubeconfig`;
}
var FAILED_TEST = /the server rejected our request due to an error in our request|testing \S+ \S+ failed|: test failed$/i;
var NAME = "[-a-z0-9.]{1,253}";
var OWN_PHRASES = [
  `secrets "${NAME}" (?:not found|already exists)`,
  `secrets (?:"${NAME}" )?is forbidden: User "[-\\w.:@/]{1,100}" cannot [a-z]+ resource "secrets" in API group "" in the namespace "${NAME}"`,
  `Operation cannot be fulfilled on secrets "${NAME}": the object has been modified`,
  `namespaces "${NAME}" not found`,
  `admission webhook "${NAME}" denied the request`,
  `(?:Validating|Mutating)AdmissionPolicy '${NAME}' with binding '${NAME}' denied request`
].map((phrase) => new RegExp(`^${phrase}`));
function withoutQuotes({ kind, status, message }) {
  if (FAILED_TEST.test(message)) return "the server rejected our request due to an error in our request";
  const said3 = answerOf(message);
  const [phrase] = OWN_PHRASES.flatMap((known) => known.exec(said3)?.[0] ?? []);
  return phrase ?? `HTTP ${status} (${kind}); what the server says may quote the Secret and is not shown`;
}
function answerOf(message) {
  return message.slice(message.indexOf(": ") + 2);
}
function saidOf(call, error, aboutSecret) {
  const { kind, status, retryAfterMs, message } = error;
  const known = status > 0 && aboutSecret ? withoutQuotes(error) : answerOf(message);
  return new KubernetesError({ kind, request: call, message: known, status, retryAfterMs });
}
function kindOf(status, reason) {
  if (status === 409 && reason === "AlreadyExists") return "AlreadyExists";
  return KIND_OF_STATUS[status] ?? (status >= 500 ? "Unavailable" : "Other");
}
function parseStatus(body) {
  try {
    const status = JSON.parse(body);
    if (typeof status === "object" && status !== null) {
      const { reason, message } = status;
      return { ...typeof reason === "string" ? { reason } : {}, message: typeof message === "string" ? message : "" };
    }
  } catch {
  }
  return { message: plain(body.trim(), LONGEST_ANSWER) };
}

// src/kubernetes/access/exec-plugin.ts
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";
var API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
var WITH_A_PERSON = 5;
var LONGEST_ANSWER2 = 1e6;
var LONGEST_WORDS = 2e4;
var answerSchema = z.object({
  kind: z.literal("ExecCredential"),
  apiVersion: z.string(),
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().nullish()
  })
});
async function askPlugin(plugin) {
  const { exec } = plugin;
  if (!exec.command) throw new Error("the kubeconfig has an exec plugin without a command");
  if (!API_VERSIONS.includes(exec.apiVersion ?? ""))
    throw new Error(
      `exec plugin ${nameOf(exec)} has apiVersion ${plain(exec.apiVersion ?? "(none)")}: reroot and kubectl know ${API_VERSIONS.join(" and ")}`
    );
  return credentialIn(await run(plugin, isInteractive(plugin)), exec);
}
function isInteractive({ exec, terminal }) {
  const mode = exec.interactiveMode ?? "IfAvailable";
  if (mode === "Never") return false;
  if (mode === "IfAvailable") return terminal.input;
  if (mode !== "Always")
    throw new Error(`exec plugin ${nameOf(exec)} has an interactiveMode that nobody knows: ${plain(mode)}`);
  if (!terminal.input)
    throw new Error(
      `exec plugin ${nameOf(exec)} asks somebody at a terminal (interactiveMode: Always), and here is none`
    );
  return true;
}
function run(plugin, interactive) {
  const { exec, terminal } = plugin;
  const attended = interactive || terminal.output;
  const timeoutMs = attended ? plugin.timeoutMs * WITH_A_PERSON : plugin.timeoutMs;
  const child = spawn(exec.command ?? "", exec.args, {
    env: {
      ...process.env,
      ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
      ...execInfo(plugin, interactive)
    },
    stdio: [interactive ? "inherit" : "ignore", "pipe", terminal.output ? "inherit" : "pipe"],
    detached: !attended
    // a group of its own, so that what it has started ends with it
  });
  const out = collected(child.stdout, LONGEST_ANSWER2);
  const words = collected(child.stderr, LONGEST_WORDS);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      endGroup(child, attended);
      reject(new Error(`exec plugin ${nameOf(exec)} has not answered within ${timeoutMs / 1e3}s`));
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(notStarted(exec, error));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out());
      else reject(new Error(`exec plugin ${nameOf(exec)} ended with ${code ?? signal}${saidWith(words())}`));
    });
  });
}
function execInfo({ exec, cluster }, interactive) {
  const spec = { interactive, ...exec.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {} };
  return { KUBERNETES_EXEC_INFO: JSON.stringify({ kind: "ExecCredential", apiVersion: exec.apiVersion, spec }) };
}
function clusterInfo(cluster) {
  const file = cluster["certificate-authority"];
  return present({
    server: cluster.server,
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"] ?? void 0,
    "certificate-authority-data": file ? readFileSync(file).toString("base64") : cluster["certificate-authority-data"],
    "proxy-url": cluster["proxy-url"],
    config: cluster.extensions.find(({ name }) => name === "client.authentication.k8s.io/exec")?.extension
  });
}
function collected(stream, most) {
  const parts = [];
  let length = 0;
  stream?.on("data", (part) => {
    if (length < most) parts.push(part);
    length += part.length;
  });
  return () => Buffer.concat(parts).toString("utf8");
}
function endGroup(child, attended) {
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  if (child.pid === void 0) return;
  try {
    process.kill(attended ? child.pid : -child.pid, "SIGKILL");
  } catch {
  }
}
function notStarted(exec, { code }) {
  const hint = exec.installHint ? `: ${plain(exec.installHint.trim(), LONGEST_SAYING)}` : "";
  return new Error(
    code === "ENOENT" ? `exec plugin ${nameOf(exec)} is not there${hint}` : `exec plugin ${nameOf(exec)} cannot be started (${code ?? "unknown"})${hint}`
  );
}
function credentialIn(text2, exec) {
  const { data } = answerSchema.safeParse(json(text2));
  if (data?.apiVersion !== exec.apiVersion || !data)
    throw new Error(
      `exec plugin ${nameOf(exec)} has answered with no ExecCredential of ${plain(exec.apiVersion ?? "")}`
    );
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = data.status;
  if (!token && !cert || Boolean(cert) !== Boolean(key))
    throw new Error(`exec plugin ${nameOf(exec)} has answered with neither a token nor a certificate with its key`);
  const until = Date.parse(expirationTimestamp ?? "");
  return present({ token, cert, key, until: Number.isNaN(until) ? void 0 : until });
}
function json(text2) {
  try {
    return JSON.parse(text2);
  } catch {
    return void 0;
  }
}
function nameOf({ command }) {
  return plain(command ?? "(none)");
}
var WORD = /^["'`(]?(?:[A-Z]?[a-z]{0,15}|[A-Z]{1,5})(?:['’][a-z]{1,2})?["'`)]?[.,:;!?]?$/;
var SHORT_NUMBER = /^\(?\d{1,4}\)?[.,:;]?$/;
function saidWith(stderr) {
  const words = plain(stderr.trim(), LONGEST_SAYING).split(/\s+/).map((word) => WORD.test(word) || SHORT_NUMBER.test(word) ? word : "\u2026");
  const said3 = words.join(" ").replaceAll(/(?:… )+…/g, "\u2026");
  return /[a-z]/i.test(said3) ? `, saying: ${said3}` : "";
}

// src/kubernetes/access/credentials.ts
var PAUSE_MS = 5e3;
var FILE_READ_MS = 1e4;
function fromPlugin(plugin) {
  const again = `sign in again: try \`kubectl\` with the same kubeconfig, which asks exec plugin ${nameOf(plugin.exec)} too`;
  return kept(again, async () => await askPlugin(plugin));
}
function fromFile(file) {
  let last;
  return kept(`the token in ${file} has to be renewed: sign in again`, async () => {
    const token = (await readFile(file, "utf8").catch(otherwise(last))).trim();
    if (token === "") throw new Error(`the token file ${file} is empty`);
    last = token;
    return { token, until: Date.now() + FILE_READ_MS };
  });
}
function otherwise(last) {
  return (error) => {
    if (last === void 0) throw error;
    return last;
  };
}
function kept(again, ask) {
  let credential;
  let asking;
  let failed;
  let refusedAt = -Infinity;
  const renew = async () => {
    try {
      credential = await ask();
      failed = void 0;
      return credential;
    } catch (error) {
      failed = { error: signIn(`${error instanceof Error ? error.message : String(error)}; ${again}`), at: Date.now() };
      throw failed.error;
    } finally {
      asking = void 0;
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
      credential = void 0;
      return true;
    }
  };
}
function signIn(message) {
  return new KubernetesError({ kind: "SignIn", request: "credentials", message });
}

// src/kubernetes/access/impersonation.ts
function impersonation(user) {
  const { as, "as-groups": groups, "as-uid": uid, "as-user-extra": extra } = user;
  const more = [
    ...uid ? [["Impersonate-Uid", uid]] : [],
    ...groups.map((group) => ["Impersonate-Group", group]),
    ...Object.entries(extra).flatMap(
      ([key, values]) => values.map((value) => [`Impersonate-Extra-${headerName(key)}`, value])
    )
  ];
  if (as) return [["Impersonate-User", as], ...more];
  if (more.length > 0)
    throw new Error(
      "the kubeconfig has as-groups, as-uid or as-user-extra without `as`: whom to act as, it does not say"
    );
  return [];
}
function headerName(key) {
  return Array.from(Buffer.from(key), (byte) => {
    const character = String.fromCodePoint(byte);
    return /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

// src/kubernetes/access/kubeconfig.ts
import { existsSync, readFileSync as readFileSync2 } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { parse } from "yaml";

// src/kubernetes/access/schema.ts
import { z as z2 } from "zod";
var text = z2.string().nullish().transform((value) => value || void 0);
var list = (of) => z2.array(of).nullish().transform((all2) => all2 ?? []);
var execSchema = z2.object({
  apiVersion: text,
  command: text,
  args: list(z2.string()),
  env: list(z2.object({ name: z2.string(), value: z2.string().default("") })),
  installHint: text,
  provideClusterInfo: z2.boolean().nullish(),
  interactiveMode: text
});
var clusterSchema = z2.looseObject({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z2.boolean().nullish(),
  "tls-server-name": text,
  "proxy-url": text,
  extensions: list(z2.object({ name: z2.string(), extension: z2.unknown() }))
});
var userSchema = z2.looseObject({
  "client-certificate": text,
  "client-key": text,
  token: text,
  tokenFile: text,
  as: text,
  "as-uid": text,
  "as-groups": list(z2.string()),
  "as-user-extra": z2.record(z2.string(), z2.array(z2.string())).nullish().transform((extra) => extra ?? {}),
  "auth-provider": z2.looseObject({ name: text }).nullish(),
  exec: execSchema.nullish()
});
var contextSchema = z2.object({ cluster: text, user: text });
var named = (key, of) => list(z2.object({ name: z2.string(), [key]: of }));
var kubeconfigSchema = z2.object({
  "current-context": text,
  clusters: named("cluster", clusterSchema),
  users: named("user", userSchema.nullish()),
  contexts: named("context", contextSchema)
});
var NOBODY = userSchema.parse({});

// src/kubernetes/access/kubeconfig.ts
function listed(kubeconfig) {
  return [...new Set(kubeconfig.split(path.delimiter).filter((file) => file !== ""))];
}
function readKubeconfig(kubeconfig, wanted) {
  const named3 = kubeconfig ? listed(kubeconfig) : [];
  const files = (named3.length > 0 ? named3 : [path.join(homedir(), ".kube", "config")]).filter(
    (file) => existsSync(file)
  );
  if (files.length > 0) return chosen(merged(files.map(readEntries)), wanted, files.join(path.delimiter));
  if (named3.length === 0) return void 0;
  throw new Error(
    named3.length === 1 ? `the kubeconfig ${named3[0]} does not exist` : `none of the kubeconfigs ${named3.join(", ")} exists`
  );
}
function readEntries(file) {
  const entries = kubeconfigSchema.safeParse(parsed(file, textOf(file)) ?? {});
  if (!entries.success) {
    const where = entries.error.issues.map(({ path: at, message }) => `${at.join(".")}: ${message}`).slice(0, 3);
    throw new Error(`the kubeconfig ${file} is not one: ${plain(where.join("; "))}`);
  }
  refuseDoubles(file, entries.data);
  return withAbsolutePaths(entries.data, path.dirname(path.resolve(file)));
}
function textOf(file) {
  try {
    return readFileSync2(file, "utf8");
  } catch (error) {
    throw new Error(`the kubeconfig ${file} cannot be read: ${error.message}`, { cause: error });
  }
}
function parsed(file, text2) {
  try {
    return parse(text2, { logLevel: "error" });
  } catch (error) {
    const { name, linePos } = error;
    const where = linePos?.[0] ? ` (line ${linePos[0].line})` : "";
    throw new Error(`the kubeconfig ${file} is not one: ${name}${where}; \`kubectl config view\` says what is wrong`);
  }
}
function refuseDoubles(file, { clusters, users, contexts }) {
  for (const [what, all2] of Object.entries({ clusters, users, contexts })) {
    const names = all2.map(({ name }) => name);
    const double = names.find((name, index) => names.indexOf(name) !== index);
    if (double !== void 0)
      throw new Error(`the kubeconfig ${file} has two ${what} ${plain(double)}: which is meant nobody can say`);
  }
}
function withAbsolutePaths(entries, folder) {
  const at = (entry, ...keys) => ({
    ...entry,
    ...Object.fromEntries(keys.flatMap((key) => entry[key] ? [[key, path.resolve(folder, String(entry[key]))]] : []))
  });
  return {
    ...entries,
    clusters: entries.clusters.map(({ name, cluster }) => ({ name, cluster: at(cluster, "certificate-authority") })),
    users: entries.users.map(({ name, user }) => {
      if (!user) return { name, user };
      const resolved = at(user, "client-certificate", "client-key", "tokenFile");
      const { exec } = resolved;
      return { name, user: exec?.command?.includes("/") ? { ...resolved, exec: at(exec, "command") } : resolved };
    })
  };
}
function merged(all2) {
  const first = (entries) => [
    ...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values()
  ];
  return {
    "current-context": all2.find((entries) => entries["current-context"])?.["current-context"],
    clusters: first(all2.flatMap(({ clusters }) => clusters)),
    users: first(all2.flatMap(({ users }) => users)),
    contexts: first(all2.flatMap(({ contexts }) => contexts))
  };
}
function chosen(entries, wanted, files) {
  const name = wanted ?? entries["current-context"];
  const context = entries.contexts.find((one) => one.name === name)?.context;
  if (name === void 0 || !context) throw new Error(noContext(entries, name, files));
  const cluster = entries.clusters.find((one) => one.name === context.cluster)?.cluster;
  if (!cluster?.server)
    throw new Error(
      `context ${plain(name)} of the kubeconfig ${files} names cluster ${plain(context.cluster ?? "(none)")}, which is not there or has no server`
    );
  return {
    ...{ context: name, clusterName: context.cluster ?? "", cluster, files },
    ...chosenUser(entries, name, context, files)
  };
}
function chosenUser({ users }, name, context, files) {
  const userName = context.user ?? "nobody";
  const found = users.find((one) => one.name === context.user);
  if (context.user && !found)
    throw new Error(
      `context ${plain(name)} of the kubeconfig ${files} names user ${plain(userName)}, which is not there`
    );
  return { userName, user: found?.user ?? NOBODY };
}
function noContext({ contexts }, name, files) {
  const known = contexts.map((one) => plain(one.name)).toSorted();
  const has = known.length > 0 ? `it has ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", \u2026" : ""}` : "it has none";
  return name === void 0 ? `the kubeconfig ${files} has no current context: give --context; ${has}` : `there is no context ${plain(name)} in the kubeconfig ${files}; ${has}`;
}

// src/kubernetes/access/proxy.ts
import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";
var DEFAULT_PORT = { "http:": "80", "https:": "443" };
var SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];
function proxyOf(server, own, env) {
  const url = new URL(server);
  const [where, proxy] = own ? ["proxy-url of the kubeconfig", own] : fromEnvironment(url, env);
  return proxy ? usable(where, proxy) : void 0;
}
function fromEnvironment(url, env) {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = either(env, name);
  return [name, proxy && isProxied(url, either(env, "NO_PROXY") ?? "") ? proxy : void 0];
}
function either(env, name) {
  return env[name] || env[name.toLowerCase()] || void 0;
}
function usable(where, proxy) {
  const whole = [proxy, `http://${proxy}`].filter((one) => URL.canParse(one)).map((one) => new URL(one)).find((one) => one.host);
  if (!whole?.host || !SCHEMES.includes(whole.protocol))
    throw new Error(`${where} names a proxy that is none of ${SCHEMES.map((scheme) => `${scheme}//`).join(", ")}`);
  if (!whole.protocol.startsWith("socks")) return whole.href;
  return whole.href.replace(/^socks5:/, "socks5h:");
}
function isProxied(url, noProxy) {
  const host = url.hostname.replaceAll(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (DEFAULT_PORT[url.protocol] ?? "");
  if (host === "localhost" || isLoopback(host)) return false;
  const entries = noProxy.split(",").map((entry) => entry.trim().toLowerCase());
  if (entries.includes("*")) return false;
  return !entries.some((entry) => isIP(host) ? matchesAddress(entry, host, port) : matchesName(entry, host, port));
}
function isLoopback(host) {
  return covers("127.0.0.0", 8, host) || covers("::1", 128, host);
}
function covers(network, bits2, host) {
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family) return false;
  const list2 = new BlockList();
  list2.addSubnet(network, bits2, family === 6 ? "ipv6" : "ipv4");
  return list2.check(host, family === 6 ? "ipv6" : "ipv4");
}
function matchesAddress(entry, host, port) {
  const [, network, bits2] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== void 0) {
    const family2 = isIP(network);
    return family2 !== 0 && Number(bits2) <= (family2 === 6 ? 128 : 32) && covers(network, Number(bits2), host);
  }
  const { name, only } = withoutPort(entry);
  const family = isIP(name);
  return family !== 0 && covers(name, family === 6 ? 128 : 32, host) && (only === void 0 || only === port);
}
function matchesName(entry, host, port) {
  const { name, only } = withoutPort(entry);
  const bare = name.replace(/^\*\./, ".");
  if (bare === "" || isIP(bare) || only !== void 0 && only !== port) return false;
  const suffix = domainToASCII(bare.replace(/^\./, "")) || bare.replace(/^\./, "");
  return host.endsWith(`.${suffix}`) || !bare.startsWith(".") && host === suffix;
}
function withoutPort(entry) {
  const [, v6, name, only] = /^(?:\[([^\]]*)\]|([^:]*)):(\d*)$/.exec(entry) ?? [];
  const host = v6 ?? name;
  if (host === void 0) return { name: entry.replaceAll(/^\[|\]$/g, "") };
  return only ? { name: host, only } : { name: host };
}

// src/kubernetes/access/access.ts
var OURS = "reroot";
var EXEC_TIMEOUT_MS = 6e4;
function readAccess(options) {
  const { kubeconfig, context, env = process.env } = options;
  const chosen2 = readKubeconfig(kubeconfig ?? env["KUBECONFIG"], context);
  return chosen2 ? ofKubeconfig(chosen2, options) : inCluster(context, env);
}
function ofKubeconfig(chosen2, options) {
  const { clusterName, cluster, userName, user, files } = chosen2;
  const { exec, tokenFile, token, "auth-provider": provider } = user;
  refuseProvider(provider?.name, files);
  const library = new KubeConfig();
  const entries = {
    "current-context": "chosen",
    contexts: [{ name: "chosen", context: { cluster: clusterName, user: userName } }],
    clusters: [{ name: clusterName, cluster: { ...cluster, server: cluster.server?.trim() } }],
    users: [
      { name: userName, user: { ...user, as: void 0, exec: void 0, ...tokenFile ? { token: void 0 } : {} } }
    ]
  };
  library.loadFromString(JSON.stringify(entries));
  const terminal = { input: isatty(0), output: isatty(2) };
  const timeoutMs = options.execTimeoutMs ?? EXEC_TIMEOUT_MS;
  const ofPlugin = exec && !token ? () => fromPlugin({ exec, cluster, terminal, timeoutMs }) : void 0;
  const renewable = tokenFile ? fromFile(tokenFile) : ofPlugin?.();
  return access(library, { acting: impersonation(user), renewable, env: options.env });
}
function refuseProvider(name, files) {
  if (name === void 0 || name === "oidc") return;
  throw new Error(
    `the kubeconfig ${files} has auth-provider ${plain(name)}, which kubectl knows no longer either: use its exec plugin (gke-gcloud-auth-plugin, kubelogin)`
  );
}
function inCluster(context, env) {
  if (!env["KUBERNETES_SERVICE_HOST"])
    throw new Error("no kubeconfig was found: KUBECONFIG is not set, ~/.kube/config is not there, and this is no pod");
  if (context) throw new Error(`there is no kubeconfig that could have context ${context}`);
  const library = new KubeConfig();
  library.loadFromCluster();
  const provider = library.getCurrentUser()?.authProvider;
  return access(library, { acting: [], renewable: fromFile(provider?.config.tokenFile ?? ""), env });
}
function access(library, {
  acting,
  renewable,
  env
}) {
  const [cluster, user] = [library.getCurrentCluster(), library.getCurrentUser()];
  if (!cluster || !user) throw new Error("the kubeconfig has no current cluster");
  const proxyUrl = proxyOf(cluster.server, cluster.proxyUrl, env ?? process.env);
  if (acting.length > 0 && user.authProvider && !renewable)
    throw new Error(
      "the kubeconfig has `as` and an auth-provider: reroot cannot act as another with that; use an exec plugin"
    );
  const { proxyUrl: _own, ...direct } = cluster;
  return {
    cluster: { ...direct, ...present({ proxyUrl }) },
    user: renewable || !user.authProvider ? { ...user, authProvider: { name: OURS } } : user,
    acting,
    ...present({ renewable })
  };
}

// src/kubernetes/access/connection.ts
import { createHash } from "node:crypto";
import {
  createConfiguration,
  KubeConfig as KubeConfig2,
  PortForward
} from "@kubernetes/client-node";
import { Agent as Agent2, ProxyAgent } from "undici";

// src/kubernetes/access/socks.ts
import { once } from "node:events";
import tls from "node:tls";
import { SocksClient } from "socks";
import { Agent } from "undici";
function socksPool(proxyUrl, requestTls) {
  const proxy = proxyAt(new URL(proxyUrl));
  const open = async ({ hostname, port, protocol }) => {
    const host = hostname.replaceAll(/^\[|\]$/g, "");
    const destination = { host, port: Number(port) || (protocol === "https:" ? 443 : 80) };
    const { socket: tunnel } = await SocksClient.createConnection({ proxy, command: "connect", destination });
    const socket = tls.connect({ ...requestTls, socket: tunnel, servername: requestTls.servername ?? host });
    await once(socket, "secureConnect");
    return socket;
  };
  return new Agent({
    connect: (options, callback) => {
      open(options).then(
        (socket) => callback(null, socket),
        (error) => callback(error instanceof Error ? error : new Error(String(error)), null)
      );
    }
  });
}
function proxyAt({ hostname, port, username, password }) {
  return {
    ...{ host: hostname.replaceAll(/^\[|\]$/g, ""), port: Number(port) || 1080, type: 5 },
    ...username ? { userId: decodeURIComponent(username), password: decodeURIComponent(password) } : {}
  };
}

// src/kubernetes/access/connection.ts
function sign({ cluster, user, renewable, acting }) {
  const signed = { kubeConfig: new KubeConfig2() };
  const context = { name: "chosen", cluster: cluster.name, user: user.name };
  signed.kubeConfig.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [context],
    currentContext: "chosen"
  });
  signed.kubeConfig.addAuthenticator({
    isAuthProvider: ({ authProvider }) => authProvider?.name === OURS,
    applyAuthentication: async (_user, options) => {
      const headers = options.headers ??= {};
      if (renewable) signed.credential = await renewable.current();
      const { token, cert, key } = signed.credential ?? {};
      if (token) headers["Authorization"] = `Bearer ${token}`;
      Object.assign(options, present({ cert, key }), grouped(acting, headers));
    }
  });
  return signed;
}
function grouped(acting, headers) {
  for (const [name, value] of acting) headers[name] = [...headers[name] ?? [], value];
  return { headers };
}
function sending(access2) {
  const library = createConfiguration().httpApi;
  const used = /* @__PURE__ */ new WeakMap();
  const pools = poolOf(access2);
  const authentication = {
    getName: () => "kubeconfig authentication",
    applySecurityAuthentication: async (request) => {
      const signed = sign(access2);
      const options = {};
      await signed.kubeConfig.applyToHTTPSOptions(options);
      if (signed.credential) used.set(request, signed.credential);
      for (const [name, value] of Object.entries(options.headers ?? {}))
        if (typeof value === "string") request.setHeaderParam(name, value);
      if (options.auth)
        request.setHeaderParam("Authorization", `Basic ${Buffer.from(options.auth).toString("base64")}`);
      request.setDispatcher(pools(signed.kubeConfig, options));
    }
  };
  const sendOnce = async (request, timeoutMs, given) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    request.setSignal(given ? AbortSignal.any([given, deadline]) : deadline);
    return await library.send(request).toPromise();
  };
  const send = async (request, timeoutMs) => {
    const given = request.getSignal();
    const response = await sendOnce(request, timeoutMs, given);
    const credential = used.get(request);
    if (response.httpStatusCode !== 401 || !access2.renewable || !credential) return response;
    await response.body.text();
    if (!access2.renewable.refused(credential)) throw refusedAgain(access2.renewable);
    await authentication.applySecurityAuthentication(request);
    const second = await sendOnce(request, timeoutMs, given);
    if (second.httpStatusCode === 401) throw refusedAgain(access2.renewable);
    return second;
  };
  const open = async (request, timeoutMs, signal) => {
    const unanswered = new AbortController();
    const late = () => unanswered.abort(new DOMException("no answer in time", "TimeoutError"));
    const timer = setTimeout(late, timeoutMs);
    try {
      request.setSignal(AbortSignal.any([signal, unanswered.signal]));
      await authentication.applySecurityAuthentication(request);
      return await library.send(request).toPromise();
    } finally {
      clearTimeout(timer);
    }
  };
  return { authentication, send, open };
}
function refusedAgain({ again }) {
  return signIn(`the API server takes the credentials no longer (Unauthorized); ${again}`);
}
function poolOf(access2) {
  let kept2;
  return (kubeConfig, options) => {
    const hash = createHash("sha256");
    for (const part of [options.ca, options.cert, options.key]) hash.update(bytesOf(part)).update("\0");
    const of = hash.digest("hex");
    if (kept2?.of !== of) kept2 = { of, pool: newPool(kubeConfig, options, access2) };
    return kept2.pool;
  };
}
function bytesOf(part) {
  return typeof part === "string" || part instanceof Uint8Array ? part : "";
}
function newPool(kubeConfig, options, { cluster, acting }) {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const pool = poolFor(
    kubeConfig.createDispatcherOptions(cluster, present({ ca, cert, key, servername, rejectUnauthorized }))
  );
  if (acting.length === 0) return pool;
  const { headers } = grouped(acting, {});
  return pool.compose((dispatch) => (request, handler) => {
    const own = request.headers;
    return dispatch({ ...request, headers: { ...own, ...headers } }, handler);
  });
}
function poolFor(made) {
  if (made.type === "none") return new Agent2();
  if (made.type === "socks") return socksPool(made.uri, made.requestTls);
  const connect = made.connect;
  if (made.type === "agent") return new Agent2({ connect });
  return new ProxyAgent({ uri: made.uri, connect, requestTls: made.requestTls });
}
function forwarding(access2) {
  return {
    portForward: async (...request) => {
      const signed = sign(access2);
      try {
        return await new PortForward(signed.kubeConfig).portForward(...request);
      } catch (error) {
        const said3 = messageOf(error);
        const { renewable } = access2;
        if (!said3.endsWith(" 401") || !renewable || !signed.credential) throw new Error(said3, { cause: error });
        if (!renewable.refused(signed.credential)) throw refusedAgain(renewable);
        return await new PortForward(sign(access2).kubeConfig).portForward(...request);
      }
    }
  };
}
function messageOf(error) {
  const { message } = error;
  return typeof message === "string" ? message : String(error);
}

// src/kubernetes/clock.ts
var TRUSTED_MS = 6e4;
function clusterClock(elapsed = () => performance.now()) {
  let best;
  return {
    noted: (date) => {
      const said3 = Date.parse(date ?? "");
      if (Number.isNaN(said3)) return;
      const at = elapsed();
      const offset = said3 - at;
      if (!best || offset >= best.offset || at - best.at > TRUSTED_MS) best = { offset, at };
    },
    now: () => best && new Date(best.offset + elapsed())
  };
}

// src/kubernetes/given-up.ts
var WRITE_PATIENCE_MS = 3e3;
function isRead(method) {
  return /^(?:list|read|get)[A-Z]/.test(method);
}
async function unlessGivenUp(work, signal, patienceMs) {
  let timer;
  let giveUp;
  const givenUp = new Promise((_, reject) => {
    giveUp = () => timer = setTimeout(() => reject(signal.reason), patienceMs);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (giveUp) signal.removeEventListener("abort", giveUp);
  }
}

// src/kubernetes/watch.ts
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { ServerConfiguration } from "@kubernetes/client-node";
var LASTS_S = 120;
var GOODBYE_MS = 15e3;
function watching({ server, pre, open }) {
  const base = new ServerConfiguration(server, {});
  return async function* watch({ path: path2, accept, labelSelector, resourceVersion, signal }) {
    const request = base.makeRequestContext(path2, "GET");
    const query = { watch: "true", allowWatchBookmarks: "true", timeoutSeconds: `${LASTS_S}`, resourceVersion };
    for (const [name, value] of Object.entries({ ...query, ...present({ labelSelector }) }))
      request.setQueryParam(name, value);
    request.setHeaderParam("Accept", accept ?? "application/json");
    const over = AbortSignal.any([signal, AbortSignal.timeout(LASTS_S * 1e3 + GOODBYE_MS)]);
    const { httpStatusCode: status, headers, body } = await open(await pre(request), over);
    if (status >= 400) throw fromResponse(`watch ${path2}`, status, headers, await body.text());
    const stream = Readable.fromWeb(body.stream());
    try {
      for await (const line of createInterface({ input: stream })) yield eventOf(line, path2);
    } finally {
      stream.destroy();
    }
  };
}
function eventOf(line, path2) {
  const event = JSON.parse(line);
  if (event.type !== "ERROR") return event;
  throw fromResponse(`watch ${path2}`, event.object.code ?? 500, {}, JSON.stringify(event.object));
}

// src/kubernetes/client.ts
function createKubernetes(options = {}) {
  const access2 = readAccess(options);
  const { cluster } = access2;
  if (cluster.server.startsWith("http:") && !cluster.skipTLSVerify)
    throw new Error(`no kubeconfig was found, or its server has no TLS (${cluster.server}): name one that is https`);
  const requests = /* @__PURE__ */ new Map();
  const { authentication, send, open } = sending(access2);
  const timeoutMs = options.timeoutMs ?? 3e4;
  const clock = clusterClock();
  const middleware = requestMiddleware(options, { requests, clock });
  const configuration = createConfiguration2({
    baseServer: new ServerConfiguration2(cluster.server, {}),
    authMethods: { default: authentication },
    httpApi: wrapHttpLibrary({ send: async (request) => await send(request, timeoutMs) }),
    promiseMiddleware: [middleware]
  });
  const api = (type) => withTypedFailures(new type(configuration), options.givenUp ?? (() => void 0));
  return {
    core: api(CoreV1Api),
    apps: api(AppsV1Api),
    batch: api(BatchV1Api),
    coordination: api(CoordinationV1Api),
    authentication: api(AuthenticationV1Api),
    authorization: api(AuthorizationV1Api),
    admission: api(AdmissionregistrationV1Api),
    rbac: api(RbacAuthorizationV1Api),
    policy: api(PolicyV1Api),
    custom: api(CustomObjectsApi),
    portForward: forwarding(access2),
    watch: watching({
      server: cluster.server,
      pre: async (request) => await middleware.pre(request),
      open: async (request, signal) => await open(request, timeoutMs, signal)
    }),
    signIn: async () => void await access2.renewable?.current(),
    server: cluster.server,
    clock,
    requests,
    ...present({ unverified: unverifiedBecause(cluster) })
  };
}
function unverifiedBecause({ skipTLSVerify }) {
  if (skipTLSVerify) return "the kubeconfig says insecure-skip-tls-verify";
  return process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0" ? "NODE_TLS_REJECT_UNAUTHORIZED=0 is in the environment" : void 0;
}
function requestMiddleware(options, { requests, clock }) {
  const take = pThrottle({ limit: options.requestsPerSecond ?? 50, interval: 1e3 })(async () => {
  });
  return {
    async pre(context) {
      await take();
      const signal = options.givenUp?.();
      signal?.throwIfAborted();
      if (signal && context.getHttpMethod() === HttpMethod.GET) context.setSignal(signal);
      const label = requestLabel(context.getHttpMethod(), context.getUrl());
      requests.set(label, (requests.get(label) ?? 0) + 1);
      return context;
    },
    async post(response) {
      clock.noted(response.headers["date"]);
      if (response.httpStatusCode < 400) return response;
      throw fromResponse("Kubernetes API", response.httpStatusCode, response.headers, await response.body.text());
    }
  };
}
function requestLabel(method, url) {
  const { pathname, searchParams } = new URL(url);
  const parts = pathname.split("/").filter(Boolean);
  const rest2 = parts[0] === "api" ? parts.slice(2) : parts.slice(3);
  const resource = rest2[0] === "namespaces" && rest2.length > 2 ? rest2[2] : rest2[0];
  return `${searchParams.has("watch") ? "WATCH" : method} ${resource ?? "/"}`;
}
function withTypedFailures(api, givenUp) {
  return new Proxy(api, {
    get(target, property, receiver) {
      const value = Reflect.get(target, property, receiver);
      if (typeof value !== "function" || typeof property !== "string") return value;
      return async (parameters, ...rest2) => {
        const signal = givenUp();
        signal?.throwIfAborted();
        try {
          const answer = value.call(target, parameters, ...rest2);
          return await (signal ? unlessGivenUp(answer, signal, isRead(property) ? 0 : WRITE_PATIENCE_MS) : answer);
        } catch (error) {
          throw signal?.aborted ? signal.reason : named2(callName(property, parameters), error);
        }
      };
    }
  });
}
function callName(method, parameters) {
  const { namespace, name } = parameters ?? {};
  const subject = [namespace, name].filter((part) => typeof part === "string").join("/");
  return subject ? `${method} ${subject}` : method;
}
function named2(call, error) {
  if (isKubernetesError(error)) return saidOf(call, error, /^\w+Secret\b/.test(call));
  if (error instanceof Error && error.name === "AbortError") return error;
  return fromFailure(call, error);
}

// src/kubernetes/rollout-speed.ts
var SECOND_MS = 1e3;
var DEFAULT_GRACE_S = 30;
var DEFAULT_SHARE = "25%";
function deploymentSpeed({ spec }) {
  const { replicas: wanted = 1, strategy = {} } = spec ?? {};
  const pace = ofPods(spec);
  if (strategy.type === "Recreate") return { ...pace, atOnce: atLeastOne(wanted), oldGoesFirst: true };
  const { maxSurge = DEFAULT_SHARE, maxUnavailable = DEFAULT_SHARE } = strategy.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted, "up");
  return { ...pace, atOnce: atLeastOne(surge + amountOf(maxUnavailable, wanted, "down")), oldGoesFirst: surge === 0 };
}
function statefulSetSpeed({ spec }) {
  return { ...ofPods(spec), atOnce: 1, oldGoesFirst: true };
}
function daemonSetSpeed({ spec, status }) {
  const wanted = status?.desiredNumberScheduled ?? 0;
  const { maxSurge = 0, maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted, "up");
  const atOnce = atLeastOne(surge > 0 ? surge : amountOf(maxUnavailable, wanted, "up"));
  return { ...ofPods(spec), atOnce, oldGoesFirst: surge === 0 };
}
function evictionSpeed({ spec }) {
  return { ...ofPods(spec), atOnce: 1, oldGoesFirst: true };
}
function ofPods(spec) {
  return {
    minReadyMs: (spec?.minReadySeconds ?? 0) * SECOND_MS,
    graceMs: (spec?.template?.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) * SECOND_MS
  };
}
function amountOf(value, of, round) {
  if (typeof value === "number") return value;
  const share = Number.parseInt(value, 10) / 100 * of;
  if (Number.isNaN(share)) return 1;
  return round === "up" ? Math.ceil(share) : Math.floor(share);
}
function atLeastOne(count) {
  return Math.max(1, count);
}

// src/kubernetes/own-names.ts
var FIELD_MANAGER = "reroot";
var MARK_ANNOTATION = "reroot.dev/rolled-for";
var CANARY_ANNOTATION = "reroot.dev/canary";

// src/kubernetes/owners.ts
import {
  setHeaderOptions
} from "@kubernetes/client-node";

// src/kubernetes/raw-list.ts
import {
  Observable,
  ResponseContext
} from "@kubernetes/client-node";
function rawList() {
  let items;
  const take = async (response) => {
    if (response.httpStatusCode !== 200) return response;
    const { items: found, ...list2 } = JSON.parse(await response.body.text());
    items = found ?? [];
    return new ResponseContext(200, response.headers, bodyOf(JSON.stringify({ ...list2, items: [] })));
  };
  const middleware = {
    pre: (request) => new Observable(Promise.resolve(request)),
    post: (response) => new Observable(take(response))
  };
  return { options: { middleware: [middleware], middlewareMergeStrategy: "append" }, items: () => items };
}
function bodyOf(text2) {
  return {
    text: async () => await Promise.resolve(text2),
    binary: async () => await Promise.resolve(Buffer.from(text2)),
    stream: () => null
  };
}

// src/kubernetes/list.ts
var PAGE_SIZE = 500;
async function listAll(fetchPage, select) {
  return (await listVersioned(fetchPage, select)).items;
}
async function listVersioned(fetchPage, select) {
  for (; ; ) {
    try {
      return await listOnce(fetchPage, select);
    } catch (error) {
      if (!isKubernetesError(error) || error.status !== 410) throw error;
    }
  }
}
async function listOnce(fetchPage, select) {
  const items = [];
  let resourceVersion;
  let token;
  do {
    const { options, items: asCame } = rawList();
    const page = await fetchPage({ limit: PAGE_SIZE, ...present({ _continue: token }) }, options);
    for (const item of asCame() ?? page.items) {
      const selected = select(item);
      if (selected !== void 0) items.push(selected);
    }
    resourceVersion ??= page.metadata?.resourceVersion;
    token = page.metadata?._continue || void 0;
  } while (token);
  return { items, resourceVersion: resourceVersion ?? "" };
}

// src/kubernetes/object-names.ts
var LONGEST_KIND = 63;
var KIND = /^[A-Za-z][A-Za-z0-9]*$/;
var NAME2 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
function canBeNamed({ kind, name }) {
  return kind.length <= LONGEST_KIND && KIND.test(kind) && name.length <= LONGEST_NAME && NAME2.test(name);
}

// src/kubernetes/owners.ts
function controllerOf({ ownerReferences = [] }) {
  const owner = ownerReferences.find(({ controller }) => controller);
  return owner && canBeNamed(owner) ? owner : void 0;
}
var THROUGH_OTHERS = ["apps/Deployment", "argoproj.io/Rollout", "batch/CronJob"];
function hasPodsThroughOthers({ apiVersion, kind }) {
  return THROUGH_OTHERS.includes(`${groupOf(apiVersion)}/${kind}`);
}
function foreignOwnerOf(metadata) {
  const owner = controllerOf(metadata);
  return owner && !hasPodsThroughOthers(owner) ? namedOwner(owner) : void 0;
}
function namedOwner({ kind, name, apiVersion }) {
  const group = groupOf(apiVersion);
  return { kind, name, ...group.includes(".") ? { group: plain(group, LONGEST_NAME) } : {} };
}
function groupOf(apiVersion) {
  return apiVersion?.includes("/") ? apiVersion.split("/")[0] ?? "" : "";
}
var FEW_NAMESPACES = 4;
var KNOWN_FOR_MS = 3e5;
function ofMetadata(options) {
  return setHeaderOptions("Accept", metadataOnly("PartialObjectMetadataList"), options);
}
function metadataOnly(as) {
  return `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`;
}
var knownTo = /* @__PURE__ */ new WeakMap();
async function ownersOfReplicaSets(k8s2, claims) {
  const known = knownTo.get(k8s2) ?? /* @__PURE__ */ new Map();
  knownTo.set(k8s2, known);
  const now = Date.now();
  for (const [key, { until }] of known) if (until <= now) known.delete(key);
  const unknown = claims.filter((claim) => !known.has(claimKey(claim)));
  if (unknown.length > 0) {
    const found = new Map(await listOwners(k8s2, unknown));
    for (const key of unknown.map(claimKey))
      known.set(key, { until: now + KNOWN_FOR_MS, ...present({ owner: found.get(key) }) });
  }
  return new Map(claims.map(claimKey).flatMap((key) => ownerEntry(known, key)));
}
function ownerIn({ metadata = {} }) {
  const { namespace = "", uid = "", name = "" } = metadata;
  const owner = controllerOf(metadata);
  const rolls = owner && hasPodsThroughOthers(owner);
  return { uid, key: claimKey({ namespace, uid }), owner: rolls ? owner : { kind: "ReplicaSet", name, uid } };
}
function claimKey({ namespace, uid }) {
  return `${namespace}/${uid}`;
}
function ownerEntry(known, key) {
  const owner = known.get(key)?.owner;
  return owner ? [[key, owner]] : [];
}
async function listOwners(k8s2, claims) {
  const wanted = new Set(claims.map(claimKey));
  const namespaces = new Set(claims.map(({ namespace }) => namespace));
  const asked = namespaces.size > FEW_NAMESPACES ? [void 0] : [...namespaces];
  const read = (object) => {
    const { key, owner } = ownerIn(object);
    return wanted.has(key) ? [key, owner] : void 0;
  };
  const lists = asked.map(
    async (namespace) => await listAll(
      (page, asJson) => namespace === void 0 ? k8s2.apps.listReplicaSetForAllNamespaces(page, ofMetadata(asJson)) : k8s2.apps.listNamespacedReplicaSet({ ...page, namespace }, ofMetadata(asJson)),
      read
    )
  );
  return (await Promise.all(lists)).flat();
}

// src/kubernetes/restarted-at.ts
import { createHash as createHash2 } from "node:crypto";
var RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
function restartedAt(mark2, now) {
  return `${now.toISOString().slice(0, SECONDS)}.${digitsOf(mark2)}Z`;
}
var SECONDS = 19;
var OF_PHASE = 6;
var OF_RETRY = 3;
function digitsOf(mark2) {
  const [phase = "", ...retry] = mark2.split(".");
  return hashed(phase, OF_PHASE) + (retry.length === 0 ? "".padEnd(OF_RETRY, "0") : hashed(retry.join("."), OF_RETRY));
}
function hashed(text2, digits) {
  const number = createHash2("sha256").update(text2).digest().readUInt32BE();
  return String(number % (10 ** digits - 1) + 1).padStart(digits, "0");
}

// src/kubernetes/workload.ts
var TEMPLATE = ["spec", "template"];
function common(controller, reading2) {
  const { kind, metadata, template, templatePath = TEMPLATE } = controller;
  const annotations = template?.metadata?.annotations;
  return {
    kind,
    ...identifiers(metadata),
    templatePath,
    templateAnnotations: annotations !== void 0,
    annotations: metadata?.annotations !== void 0,
    edits: reading2.edits?.(template, templatePath) ?? [],
    replacement: "rollout",
    ...meshing(template, reading2),
    ...marks(controller, reading2),
    ...canaryOf(metadata),
    ...present({
      alongside: reading2.alongside?.(template, templatePath),
      writers: writersOf(metadata?.managedFields, templatePath)
    })
  };
}
function restartsByAnnotation({ owner, restartPath }) {
  return owner !== void 0 && restartPath === void 0;
}
function marks({ metadata = {}, template }, reading2) {
  const onTemplate = template?.metadata?.annotations ?? {};
  const objectMark = said(metadata.annotations?.[reading2.mark]);
  const owner = foreignOwnerOf(metadata);
  return present({
    mark: owner ? objectMark : said(onTemplate[reading2.mark]),
    markedAt: said(metadata.annotations?.[reading2.markedAt]),
    objectMark,
    owner,
    restartedAt: said(onTemplate[RESTARTED_AT]),
    marksPods: reading2.marksPods?.(template) ? true : void 0
  });
}
var MOST_WRITERS = 3;
function writersOf(entries, templatePath) {
  const found = (entries ?? []).filter(({ manager, fieldsV1 }) => manager !== FIELD_MANAGER && ownsField(fieldsV1, templatePath)).toSorted((a, b) => timeOf(b) - timeOf(a)).flatMap(({ manager }) => manager ? [plain(manager)] : []);
  return found.length > 0 ? [...new Set(found)].slice(0, MOST_WRITERS) : void 0;
}
function timeOf({ time }) {
  return time ? new Date(time).getTime() : 0;
}
function ownsField(fields, path2) {
  const [name, ...rest2] = path2;
  if (typeof fields !== "object" || fields === null) return false;
  return name === void 0 || ownsField(fields[`f:${name}`], rest2);
}
function said(text2) {
  return text2 && plain(text2.trim(), LONGEST_SAYING);
}
function meshing(template, reading2) {
  return reading2.unmeshed?.(template) ? { unmeshed: true } : {};
}
function canaryOf({ annotations = {} } = {}) {
  return annotations[CANARY_ANNOTATION] === "true" ? { canary: true } : {};
}
function identifiers({ namespace = "", name = "", uid = "", generation = 0 } = {}) {
  return { namespace, name, uid, generation };
}
function progress(waitingFor) {
  return { rolledOut: waitingFor === void 0, ...present({ waitingFor }) };
}
function byEviction(why) {
  return { replacement: "eviction", evictionBecause: why };
}
function firstOf(...candidates) {
  return candidates.find((candidate) => candidate !== false) || void 0;
}
function counts(status, ...names) {
  return Object.fromEntries(names.map((name) => [name, status?.[name] ?? 0]));
}
var UNSEEN = "the controller has not seen the change yet";
function oldPodsRemain(count) {
  return count === 1 ? "1 old pod remains" : `${count} old pods remain`;
}

// src/kubernetes/argo-rollouts.ts
var ROLLOUTS = { group: "argoproj.io", version: "v1alpha1", plural: "rollouts" };
function rollout(object, reading2) {
  const { metadata, spec } = object;
  const mark2 = metadata?.annotations?.[reading2.mark];
  const inTemplate = spec?.template?.metadata?.annotations?.[reading2.mark];
  const waitingFor = withExplanation(object, waitsFor(object, mark2 !== void 0 && inTemplate === mark2));
  return {
    ...common({ kind: "Rollout", metadata, template: spec?.template }, reading2),
    wanted: wantedOf(object),
    // a restart evicts pods as far as maxUnavailable allows, one at the least (argo-rollouts rollout/restart.go)
    speed: { ...ofPods(spec), atOnce: 1, oldGoesFirst: true },
    ...progress(waitingFor),
    restartPath: ["spec", "restartAt"],
    ...present({ mark: said(mark2), failed: isDegraded(object) ? waitingFor : void 0 })
  };
}
function wantedOf({ spec }) {
  return spec?.replicas ?? 1;
}
function waitsFor(object, newRevision) {
  const wanted = wantedOf(object);
  const { availableReplicas } = counts(object.status, "availableReplicas");
  return firstOf(
    isUnseen(object) && UNSEEN,
    ...newRevision ? revisionWaits(object, wanted) : restartWaits(object),
    availableReplicas < wanted && `${availableReplicas} of ${wanted} pods are available`
  );
}
function revisionWaits({ status }, wanted) {
  const { replicas, updatedReplicas } = counts(status, "replicas", "updatedReplicas");
  return [
    updatedReplicas < wanted && `${updatedReplicas} of ${wanted} new pods exist`,
    replicas > updatedReplicas && oldPodsRemain(replicas - updatedReplicas)
  ];
}
function restartWaits({ spec, status }) {
  const done = isRestarted(spec?.restartAt, status?.restartedAt);
  return [!done && `the pods created before ${said(spec?.restartAt)} are being restarted`];
}
function isUnseen({ metadata, status }) {
  const observed = status?.observedGeneration;
  if (observed === void 0) return true;
  return /^\d+$/.test(observed) && Number(observed) < (metadata?.generation ?? 0);
}
function isDegraded({ status }) {
  return status?.phase === "Degraded";
}
function isRestarted(wanted, done) {
  return wanted === void 0 || done !== void 0 && Date.parse(done) >= Date.parse(wanted);
}
function withExplanation(object, waitingFor) {
  return waitingFor && [waitingFor, said(explanation(object))].filter(Boolean).join(": ");
}
function explanation({ spec, status }) {
  const { message, pauseConditions = [] } = status ?? {};
  const reasons = pauseConditions.flatMap(({ reason }) => reason ?? []).join(", ");
  if (!reasons) return message || (spec?.paused ? "paused" : void 0);
  return message && message !== reasons ? `paused (${reasons}: ${message})` : `paused (${reasons})`;
}
function restartTime(now) {
  const next = new Date((Math.floor(now.getTime() / 1e3) + 1) * 1e3);
  return next.toISOString().replace(".000Z", "Z");
}

// src/kubernetes/patch.ts
function pointer(...parts) {
  return parts.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
function isLostRace(error) {
  return isKubernetesError(error, "Conflict", "AlreadyExists") || isKubernetesError(error, "Invalid") && FAILED_TEST.test(error.message);
}

// src/kubernetes/controllers.ts
var PAUSED = {
  reason: "DeploymentPaused",
  message: "the Deployment is paused, so a change of its template does not replace its pods",
  hint: "resume it with `kubectl rollout resume`, or `waive` it"
};
var ON_DELETE = "its update strategy is OnDelete";
function deployment(object, reading2) {
  const { metadata, spec, status } = object;
  const waitingFor = deploymentWaitsFor(object);
  const failure = said(conditionOf(status, "ReplicaFailure")?.message);
  return {
    ...common({ kind: "Deployment", metadata, template: spec?.template }, reading2),
    wanted: spec?.replicas ?? 1,
    speed: deploymentSpeed(object),
    ...progress(waitingFor && failure ? `${waitingFor}: ${failure}` : waitingFor),
    ...present({
      failed: waitingFor && deadlineMessage(status),
      unrollable: spec?.paused ? PAUSED : void 0
    })
  };
}
function deploymentWaitsFor({ metadata, spec, status }) {
  const wanted = spec?.replicas ?? 1;
  const { replicas, updatedReplicas, availableReplicas } = counts(
    status,
    "replicas",
    "updatedReplicas",
    "availableReplicas"
  );
  return firstOf(
    isUnseen2(metadata, status) && UNSEEN,
    updatedReplicas < wanted && `${updatedReplicas} of ${wanted} new pods exist`,
    replicas > updatedReplicas && oldPodsRemain(replicas - updatedReplicas),
    availableReplicas < updatedReplicas && `${availableReplicas} of ${updatedReplicas} new pods are available`
  );
}
function deadlineMessage(status) {
  const progressing = conditionOf(status, "Progressing");
  if (progressing?.reason !== "ProgressDeadlineExceeded") return void 0;
  const messages = [progressing.message, conditionOf(status, "ReplicaFailure")?.message];
  return said(messages.filter(Boolean).join(" ")) || void 0;
}
function conditionOf(status, wanted) {
  return status?.conditions?.find(({ type }) => type === wanted);
}
function statefulSet(object, reading2) {
  const evictionBecause = statefulSetKeeps(object);
  return {
    ...common({ kind: "StatefulSet", metadata: object.metadata, template: object.spec?.template }, reading2),
    wanted: object.spec?.replicas ?? 1,
    speed: statefulSetSpeed(object),
    ...progress(statefulSetWaitsFor(object, evictionBecause !== void 0)),
    ...evictionBecause && byEviction(evictionBecause)
  };
}
function statefulSetKeeps({ spec }) {
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  return firstOf(
    partition > 0 && `its update strategy keeps pods below ordinal ${partition} as they are`,
    isOnDelete(spec) && ON_DELETE
  );
}
function statefulSetWaitsFor({ metadata, spec, status }, evicted) {
  const wanted = spec?.replicas ?? 1;
  const { replicas, updatedReplicas, readyReplicas } = counts(status, "replicas", "updatedReplicas", "readyReplicas");
  const updated = status?.currentRevision === status?.updateRevision ? replicas : updatedReplicas;
  return firstOf(
    isUnseen2(metadata, status) && UNSEEN,
    !evicted && updated < wanted && `${updated} of ${wanted} pods are of the new revision`,
    readyReplicas < wanted && `${readyReplicas} of ${wanted} pods are ready`
  );
}
function daemonSet(object, reading2) {
  const { metadata, spec, status } = object;
  return {
    ...common({ kind: "DaemonSet", metadata, template: spec?.template }, reading2),
    wanted: status?.desiredNumberScheduled ?? 0,
    speed: daemonSetSpeed(object),
    ...progress(daemonSetWaitsFor(object)),
    ...isOnDelete(spec) && byEviction(ON_DELETE)
  };
}
function daemonSetWaitsFor({ metadata, spec, status }) {
  const {
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: updated,
    numberAvailable: available
  } = counts(status, "desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable");
  return firstOf(
    isUnseen2(metadata, status) && UNSEEN,
    !isOnDelete(spec) && updated < wanted && `${updated} of ${wanted} nodes have the new pod`,
    available < wanted && `${available} of ${wanted} pods are available`
  );
}
function replicaSet(object, reading2) {
  const { metadata, spec, status } = object;
  const controller = { kind: "ReplicaSet", metadata, template: spec?.template };
  const counted = { wanted: spec?.replicas, ready: status?.readyReplicas };
  return { ...withoutRollout(controller, counted, reading2), speed: evictionSpeed(object) };
}
function replicationController(object, reading2) {
  const { metadata, spec, status } = object;
  const controller = { kind: "ReplicationController", metadata, template: spec?.template };
  const counted = { wanted: spec?.replicas, ready: status?.readyReplicas };
  return { ...withoutRollout(controller, counted, reading2), speed: evictionSpeed(object) };
}
function withoutRollout(controller, { wanted = 1, ready = 0 }, reading2) {
  return {
    ...common(controller, reading2),
    wanted,
    ...progress(firstOf(ready < wanted && `${ready} of ${wanted} pods are ready`)),
    ...byEviction(`a ${controller.kind} does not replace its pods when its template changes`)
  };
}
function cronJob({ metadata, spec }, reading2) {
  const templatePath = ["spec", "jobTemplate", ...TEMPLATE];
  const template = spec?.jobTemplate.spec?.template;
  return {
    ...common({ kind: "CronJob", metadata, template, templatePath }, reading2),
    rolledOut: true,
    replacement: "next run"
  };
}
function isOnDelete(spec) {
  return spec?.updateStrategy?.type === "OnDelete";
}
function isUnseen2(metadata, status) {
  return counts(status, "observedGeneration").observedGeneration < (metadata?.generation ?? 0);
}

// src/kubernetes/custom.ts
var ANSWER_LIFE_MS = 6e4;
var answers = /* @__PURE__ */ new WeakMap();
async function isServed(k8s2, resource) {
  const known = answers.get(k8s2) ?? /* @__PURE__ */ new Map();
  answers.set(k8s2, known);
  const key = `${resource.plural}.${resource.version}.${resource.group}`;
  const answer = known.get(key);
  const before = answer && answer.until > Date.now() ? await answer.served.catch(() => void 0) : void 0;
  if (before !== void 0) return before;
  const served = askWhetherServed(k8s2, resource);
  known.set(key, { until: Date.now() + ANSWER_LIFE_MS, served });
  served.catch(() => {
    if (known.get(key)?.served === served) known.delete(key);
  });
  return await served;
}
async function askWhetherServed(k8s2, { group, version, plural }) {
  try {
    const { resources } = await k8s2.custom.getAPIResources({ group, version });
    return resources.some(({ name }) => name === plural);
  } catch (error) {
    if (isKubernetesError(error, "NotFound")) return false;
    if (isKubernetesError(error, "Forbidden")) return true;
    throw error;
  }
}
async function listCustomVersioned(k8s2, resource, namespace, select) {
  const none = { items: [], resourceVersion: "" };
  if (!await isServed(k8s2, resource)) return none;
  try {
    return await listVersioned(async (page) => {
      const list2 = await (namespace === void 0 ? k8s2.custom.listClusterCustomObject({ ...resource, ...page }) : k8s2.custom.listNamespacedCustomObject({ ...resource, ...page, namespace }));
      const { items, metadata = {} } = list2;
      const { continue: token, resourceVersion } = metadata;
      return { items, metadata: present({ _continue: token || void 0, resourceVersion }) };
    }, select);
  } catch (error) {
    if (isKubernetesError(error, "NotFound")) return none;
    throw error;
  }
}

// src/kubernetes/workload-kinds.ts
var KINDS = {
  Deployment: builtIn({
    group: "apps",
    plural: "deployments",
    read: deployment,
    listAll: async ({ apps }, page, asJson) => await apps.listDeploymentForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedDeployment(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedDeployment(request)
  }),
  StatefulSet: builtIn({
    group: "apps",
    plural: "statefulsets",
    read: statefulSet,
    listAll: async ({ apps }, page, asJson) => await apps.listStatefulSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedStatefulSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedStatefulSet(request)
  }),
  DaemonSet: builtIn({
    group: "apps",
    plural: "daemonsets",
    read: daemonSet,
    listAll: async ({ apps }, page, asJson) => await apps.listDaemonSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedDaemonSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedDaemonSet(request)
  }),
  ReplicaSet: builtIn({
    group: "apps",
    plural: "replicasets",
    read: replicaSet,
    listAll: async ({ apps }, page, asJson) => await apps.listReplicaSetForAllNamespaces(page, asJson),
    listIn: async ({ apps }, page, asJson) => await apps.listNamespacedReplicaSet(page, asJson),
    patch: async ({ apps }, request) => await apps.patchNamespacedReplicaSet(request)
  }),
  ReplicationController: builtIn({
    group: "",
    plural: "replicationcontrollers",
    read: replicationController,
    listAll: async ({ core }, page, asJson) => await core.listReplicationControllerForAllNamespaces(page, asJson),
    listIn: async ({ core }, page, asJson) => await core.listNamespacedReplicationController(page, asJson),
    patch: async ({ core }, request) => await core.patchNamespacedReplicationController(request)
  }),
  CronJob: builtIn({
    group: "batch",
    plural: "cronjobs",
    read: cronJob,
    listAll: async ({ batch }, page, asJson) => await batch.listCronJobForAllNamespaces(page, asJson),
    listIn: async ({ batch }, page, asJson) => await batch.listNamespacedCronJob(page, asJson),
    patch: async ({ batch }, request) => await batch.patchNamespacedCronJob(request)
  }),
  Rollout: custom(ROLLOUTS, (object, reading2) => rollout(object, reading2))
};
function builtIn(kind) {
  const { group, plural, patch } = kind;
  const list2 = async (k8s2, namespace, reading2) => await listVersioned(
    async (page, asJson) => namespace === void 0 ? await kind.listAll(k8s2, page, asJson) : await kind.listIn(k8s2, { ...page, namespace }, asJson),
    (object) => ownRead(kind, object, reading2)
  );
  const path2 = group === "" ? `/api/v1/${plural}` : `/apis/${group}/v1/${plural}`;
  return {
    group,
    plural,
    custom: false,
    list: list2,
    source: (k8s2, reading2) => ({
      path: path2,
      list: async () => await list2(k8s2, void 0, reading2),
      read: (object) => ownRead(kind, object, reading2)
    }),
    patch
  };
}
function ownRead({ read }, object, reading2) {
  return isOfAnother(object) ? void 0 : read(object, reading2);
}
function custom(resource, read) {
  const { group, version, plural } = resource;
  const list2 = async (k8s2, namespace, reading2) => await listCustomVersioned(k8s2, resource, namespace, (object) => ownRead({ read }, object, reading2));
  return {
    group,
    plural,
    custom: true,
    list: list2,
    source: (k8s2, reading2) => ({
      path: `/apis/${group}/${version}/${plural}`,
      list: async () => await list2(k8s2, void 0, reading2),
      read: (object) => ownRead({ read }, object, reading2)
    }),
    patch: async (k8s2, request) => await k8s2.custom.patchNamespacedCustomObject({ ...resource, ...request })
  };
}
function isOfAnother({ metadata = {} }) {
  const owner = controllerOf(metadata);
  return owner !== void 0 && hasPodsThroughOthers(owner);
}

// src/kubernetes/workloads.ts
var BY_NAME = new Map(Object.entries(KINDS));
var WORKLOAD_KINDS = [...BY_NAME.keys()];
async function listWorkloads(k8s2, namespace, reading2, kinds = new Set(WORKLOAD_KINDS)) {
  const wanted = [...BY_NAME].filter(([name]) => kinds.has(name));
  const lists = await Promise.all(wanted.map(async ([, kind]) => await kind.list(k8s2, namespace, reading2)));
  return lists.flatMap(({ items }) => items);
}
async function rollWorkload(k8s2, workload, roll) {
  const { name, namespace, kind } = workload;
  try {
    await BY_NAME.get(kind)?.patch(k8s2, {
      name,
      namespace,
      body: rollOperations(workload, roll, /* @__PURE__ */ new Date()),
      fieldManager: roll.manager
    });
    return "rolled";
  } catch (error) {
    if (isLostRace(error)) return "changed";
    if (isKubernetesError(error, "NotFound")) return "gone";
    return refusal(error);
  }
}
function rollOperations(workload, { reading: reading2, mark: mark2 }, now) {
  const { uid, generation, restartPath, edits, alongside = [], annotations } = workload;
  const byTime = restartPath !== void 0 && edits.length === 0;
  return [
    { op: "test", path: "/metadata/uid", value: uid },
    ...generation > 0 ? [{ op: "test", path: "/metadata/generation", value: generation }] : [],
    ...edits,
    ...byTime ? [] : [...alongside, ...annotateTemplate(workload, templateMarks(workload, reading2.mark, mark2, now))],
    ...annotations ? [] : [add(["metadata", "annotations"], {})],
    add(["metadata", "annotations", reading2.mark], mark2),
    ...byTime ? [add(restartPath, restartTime(now))] : [],
    add(["metadata", "annotations", reading2.markedAt], now.toISOString())
  ];
}
function templateMarks(workload, name, mark2, now) {
  if (!restartsByAnnotation(workload)) return { [name]: mark2 };
  return { [RESTARTED_AT]: restartedAt(mark2, now), ...workload.marksPods ? { [name]: mark2 } : {} };
}
function annotateTemplate({ templatePath, templateAnnotations }, values) {
  const annotations = [...templatePath, "metadata", "annotations"];
  return [
    ...templateAnnotations ? [] : [add(annotations, {})],
    ...Object.entries(values).map(([name, value]) => add([...annotations, name], value))
  ];
}
function refusal(error) {
  if (!isKubernetesError(error) || error.kind === "Unauthorized") throw error;
  const { message, transient } = error;
  const ofWebhook = error.kind === "Unavailable" && message.includes("webhook");
  if (transient && !ofWebhook) throw error;
  return { refused: message, final: !transient, budget: false };
}
function add(path2, value) {
  return { op: "add", path: pointer(...path2), value };
}

// src/linkerd/names.ts
var CONTROL_PLANE_NS_LABEL = "linkerd.io/control-plane-ns";
var COMPONENT_LABEL = "linkerd.io/control-plane-component";
var PROXY_CONTAINER = "linkerd-proxy";
var IDENTITY_CONTAINER = "identity";
var ANCHORS_VARIABLE = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS";
var IDENTITY_VARIABLE = "LINKERD2_PROXY_IDENTITY_LOCAL_NAME";
var IDENTITY_DISABLED_VARIABLE = "LINKERD2_PROXY_IDENTITY_DISABLED";
var ADMIN_ADDRESS_VARIABLE = "LINKERD2_PROXY_ADMIN_LISTEN_ADDR";
var ADMIN_PORT_NAME = "linkerd-admin";
var ADMIN_PORT = 4191;
var IDENTITY_DEPLOYMENT = "linkerd-identity";
var TRUST_ROOTS = "linkerd-identity-trust-roots";
var TRUST_ROOTS_KEY = "ca-bundle.crt";
var LINKERD_CONFIG = "linkerd-config";
var OVERRIDES = "linkerd-config-overrides";

// src/linkerd/proxies/pod-owner.ts
var CRON_JOB_LABEL = "linkerd.io/proxy-cronjob";
function workloadOf(metadata) {
  const { namespace = "", name = "" } = metadata;
  const owner = controllerOf(metadata);
  if (!owner || hasPodsThroughOthers(owner)) return { namespace, kind: "Pod", name };
  if (owner.kind === "Node") return { namespace, kind: "StaticPod", name };
  return { namespace, ...cronJobOf(owner, metadata.labels) ?? { ...namedOwner(owner), uid: owner.uid } };
}
function refOf({ kind, name, uid }) {
  return { kind, name, uid };
}
function cronJobOf({ kind, name }, labels = {}) {
  const cronJob2 = labels[CRON_JOB_LABEL];
  if (kind !== "Job" || !cronJob2 || !name.startsWith(`${cronJob2}-`)) return void 0;
  return { kind: "CronJob", name: cronJob2 };
}
function replicaSetOf({ namespace, workload: { kind, uid } }) {
  return kind === "ReplicaSet" && uid !== void 0 ? [{ namespace, uid }] : [];
}
function withVerifiedOwner(pod, owners) {
  const [claim] = replicaSetOf(pod);
  if (!claim) return pod;
  const { namespace, name } = pod;
  const owner = owners.get(claimKey(claim));
  return { ...pod, workload: owner ? { namespace, ...refOf(owner) } : { namespace, kind: "Pod", name } };
}

// src/ground/bounded-cache.ts
function boundedCache(most) {
  const entries = /* @__PURE__ */ new Map();
  let total = 0;
  const drop = (key) => {
    total -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  };
  return {
    get: (key) => entries.get(key)?.value,
    set: (key, value, size) => {
      drop(key);
      if (size > most) return;
      for (const oldest of entries.keys()) {
        if (total + size <= most) break;
        drop(oldest);
      }
      entries.set(key, { value, size });
      total += size;
    },
    get size() {
      return total;
    }
  };
}

// src/kubernetes/base64.ts
function decode(base642) {
  return Buffer.from(base642, "base64").toString("utf8");
}
function encode(text2) {
  return Buffer.from(text2, "utf8").toString("base64");
}

// src/linkerd/layouts/layout.ts
function inConfig(key, path2, optional) {
  return { kind: "ConfigMap", name: LINKERD_CONFIG, key, path: path2, optional };
}
function inOverrides(...path2) {
  return { kind: "Secret", name: OVERRIDES, key: OVERRIDES, path: path2, optional: true };
}
function usesVolume(identity, configMap) {
  return identity.spec?.template.spec?.volumes?.some((volume) => volume.configMap?.name === configMap) === true;
}
function identityContainer(identity) {
  return identity.spec?.template.spec?.containers.find(({ name }) => name === IDENTITY_CONTAINER);
}

// src/linkerd/layouts/layout-a.ts
var layoutA = {
  id: "A",
  versions: "2.7 and 2.8",
  identityReads: "the mounted ConfigMap linkerd-config (key global)",
  describes: (identity) => usesVolume(identity, LINKERD_CONFIG),
  storedAs: ({ trustRoots, config }) => !trustRoots && config?.["global"] !== void 0,
  anchors: [inConfig("global", ["identityContext", "trustAnchorsPem"], false)],
  judgedByStart: false,
  issuerCopies: [],
  settings: {
    scheme: inConfig("global", ["identityContext", "scheme"], true),
    trustDomain: inConfig("global", ["identityContext", "trustDomain"], true),
    issuanceLifetime: inConfig("global", ["identityContext", "issuanceLifetime"], true)
  }
};

// src/ground/state-error.ts
var StateError = class extends Error {
  constructor(reason, message, hint) {
    super(message);
    this.reason = reason;
    this.hint = hint;
  }
  reason;
  hint;
  name = "StateError";
};

// src/linkerd/layouts/yaml-field.ts
import { isScalar, parseDocument, Scalar } from "yaml";
function readYamlField(text2, path2) {
  const value = findScalar(text2, path2)?.value;
  return typeof value === "string" && value !== "" ? value : void 0;
}
function findScalar(text2, path2) {
  const document = parseDocument(text2, { keepSourceTokens: true });
  const [error] = document.errors;
  if (error) {
    const line = error.linePos?.[0].line;
    const where = line === void 0 ? "" : ` in line ${line}`;
    throw new StateError("YamlUnreadable", `not YAML: ${error.code}${where}`, "repair the text of the object");
  }
  const node = document.getIn(path2, true);
  return isScalar(node) ? node : void 0;
}

// src/linkerd/layouts/fields.ts
function fieldOf(data, location) {
  const text2 = data[location.key];
  if (text2 === void 0 || text2 === "") return void 0;
  return location.path ? readYamlField(text2, location.path) : text2;
}

// src/linkerd/layouts/layout-values.ts
var ISSUER = ["identity", "issuer", "tls"];
var overrides = {
  anchors: [inOverrides("identityTrustAnchorsPEM"), inOverrides("global", "identityTrustAnchorsPEM")],
  issuer: { certificate: inOverrides(...ISSUER, "crtPEM"), key: inOverrides(...ISSUER, "keyPEM") }
};
function valuesLayout(nested) {
  const at = (...path2) => nested ? ["global", ...path2] : path2;
  const anchors = inConfig("values", at("identityTrustAnchorsPEM"), false);
  return {
    storedAs: ({ trustRoots, config = {} }) => !trustRoots && config["global"] === void 0 && fieldOf(config, anchors) !== void 0,
    anchors: [anchors, ...overrides.anchors],
    judgedByStart: false,
    issuerCopies: [{ certificate: inConfig("values", [...ISSUER, "crtPEM"], true) }, overrides.issuer],
    settings: {
      scheme: inConfig("values", ["identity", "issuer", "scheme"], true),
      trustDomain: inConfig("values", at("identityTrustDomain"), true),
      issuanceLifetime: inConfig("values", ["identity", "issuer", "issuanceLifetime"], true)
    }
  };
}

// src/linkerd/layouts/layout-b.ts
var ARGUMENT = "-identity-trust-anchors-pem=";
var layoutB = {
  id: "B",
  versions: "2.9",
  identityReads: `its argument ${ARGUMENT}\u2026`,
  describes: (identity) => identityContainer(identity)?.args?.some((text2) => text2.startsWith(ARGUMENT)) === true,
  identityCopy: { argument: ARGUMENT },
  ...valuesLayout(true)
};

// src/linkerd/layouts/layout-c.ts
var VARIABLE = "LINKERD2_IDENTITY_TRUST_ANCHORS";
var layoutC = {
  id: "C",
  versions: "2.10",
  identityReads: `its variable ${VARIABLE}`,
  describes: (identity) => identityContainer(identity)?.env?.some(({ name }) => name === VARIABLE) === true,
  identityCopy: { variable: VARIABLE },
  ...valuesLayout(false)
};

// src/linkerd/layouts/layout-d.ts
var layoutD = {
  ...valuesLayout(false),
  id: "D",
  versions: "2.11 and later",
  identityReads: "the mounted ConfigMap linkerd-identity-trust-roots",
  describes: (identity) => usesVolume(identity, TRUST_ROOTS),
  storedAs: ({ trustRoots }) => trustRoots !== void 0,
  anchors: [
    { kind: "ConfigMap", name: TRUST_ROOTS, key: TRUST_ROOTS_KEY, optional: false },
    inConfig("values", ["identityTrustAnchorsPEM"], true),
    // empty with externalCA
    ...overrides.anchors
  ],
  judgedByStart: true
};

// src/linkerd/layouts/index.ts
var LAYOUTS = [layoutA, layoutB, layoutC, layoutD];

// src/pki/der.ts
var TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8: 12,
  utcTime: 23,
  generalizedTime: 24,
  sequence: 48,
  set: 49
};
function contextTag(number, shape) {
  return (shape === "primitive" ? 128 : 160) + number;
}
var ZONE = String.raw`(Z|[+-]\d{4})$`;
var UTC_TIME = new RegExp(String.raw`^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?${ZONE}`);
var GENERALIZED_TIME = new RegExp(String.raw`^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)${ZONE}`);

// src/pki/name-constraints.ts
var DNS_NAME = contextTag(2, "primitive");
var DIRECTORY_NAME = contextTag(4, "constructed");

// src/pki/extensions.ts
var OID = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37"
};
var TAKEN_WHEN_CRITICAL = [
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.extendedKeyUsage
];

// src/pki/certificate.ts
var MOST_CERTIFICATE_BYTES = 16 * 1024;
var MOST_CACHED_BYTES = 32 * 1024 * 1024;
var parsed2 = boundedCache(MOST_CACHED_BYTES);

// src/pki/go/strings.ts
var IS_PRINTABLE = /^[A-Za-z0-9'()+,\-./ :=?*&]*$/;
var IS_NUMERIC = /^[0-9 ]*$/;
var STRINGS = {
  [TAG.utf8]: isUtf8,
  18: (value) => IS_NUMERIC.test(value.toString("latin1")),
  19: (value) => IS_PRINTABLE.test(value.toString("latin1")),
  20: () => true,
  // T61String
  22: isAscii,
  30: isBmp
};
function isAscii(value) {
  return value.every((byte) => byte < 128);
}
function isUtf8(value) {
  try {
    new TextDecoder("utf8", { fatal: true, ignoreBOM: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}
function isBmp(value) {
  if (value.length % 2 !== 0) return false;
  for (let at = 0; at < value.length; at += 2) {
    const point = value.readUInt16BE(at);
    if (point >= 65534 || point >= 64976 && point <= 65007 || point >= 55296 && point <= 57343) return false;
  }
  return true;
}

// src/pki/go/extensions.ts
var [EMAIL, DNS, URI, IP] = [1, 2, 6, 7].map((number) => contextTag(number, "primitive"));

// src/pki/bundle.ts
var MOST_BUNDLE_TEXT = 256 * 1024;
var MOST_CACHED_BYTES2 = 32 * 1024 * 1024;
var anchorsRead = boundedCache(MOST_CACHED_BYTES2);

// src/linkerd/layouts/template.ts
var plain2 = { container: "proxy", read: (text2) => text2, format: (pem) => pem };
var base64 = { container: "identity", read: decode, format: encode };
var IDENTITY_COPIES = LAYOUTS.flatMap(({ identityCopy }) => identityCopy ?? []);
function templateAnchors(template) {
  const lists = ["initContainers", "containers"];
  return lists.flatMap(
    (list2) => (template?.spec?.[list2] ?? []).flatMap((container, index) => copiesIn(container, ["spec", list2, index]))
  );
}
function copiesIn(container, path2) {
  if (container.name === PROXY_CONTAINER) return inVariable(container, path2, ANCHORS_VARIABLE, plain2);
  if (container.name !== IDENTITY_CONTAINER) return [];
  return IDENTITY_COPIES.flatMap(
    ({ variable, argument }) => variable === void 0 ? inArgument(container, path2, argument) : inVariable(container, path2, variable, base64)
  );
}
function inVariable({ env = [] }, path2, variable, { container, read, format }) {
  return env.flatMap(
    ({ name, value }, index) => name === variable && value ? [{ container, path: [...path2, "env", index, "value"], value, pem: read(value), format }] : []
  );
}
function inArgument({ args = [] }, path2, prefix) {
  return args.flatMap((value, index) => {
    if (!value.startsWith(prefix)) return [];
    const pem = base64.read(value.slice(prefix.length));
    const format = (wanted) => prefix + base64.format(wanted);
    return [{ container: base64.container, path: [...path2, "args", index], value, pem, format }];
  });
}

// src/linkerd/proxies/pods.ts
var USUAL_REASONS = /^(PodInitializing|ContainerCreating)$/;
function readMeshedPod(pod) {
  const proxy = proxyContainer(pod);
  if (!proxy || hasEnded(pod)) return void 0;
  const metadata = pod.metadata ?? {};
  const { namespace = "", name = "", uid = "", labels = {}, annotations = {} } = metadata;
  return {
    namespace,
    name,
    uid,
    ready: readyCondition(pod) !== void 0,
    terminating: metadata.deletionTimestamp !== void 0,
    workload: workloadOf(metadata),
    ...anchorsOf(pod, proxy),
    ...addressesOf(pod, proxy),
    ...peculiaritiesOf(pod, proxy),
    ...present({
      identity: said2(expandedIdentity(pod, proxy), LONGEST_NAME),
      component: labels[COMPONENT_LABEL],
      mark: said2(annotations[MARK_ANNOTATION]),
      startedAt: proxyStart(pod),
      pendingBecause: said2(pendingReason(pod)),
      startMs: startTime(pod),
      deletedAt: isoTime(metadata.deletionTimestamp),
      createdAt: isoTime(metadata.creationTimestamp)
    })
  };
}
function said2(text2, most) {
  return text2 === void 0 ? void 0 : plain(text2, most);
}
function addressesOf({ status, spec }, proxy) {
  const others = (status?.podIPs ?? []).flatMap(({ ip }) => ip && ip !== status?.podIP ? [ip] : []);
  return present({
    address: status?.podIP,
    otherAddresses: others.length > 0 ? others : void 0,
    adminPort: spec?.hostNetwork ? void 0 : adminPortOf(proxy)
  });
}
function adminPortOf({ env, ports }) {
  const listens = /:(\d{1,5})$/.exec(lastValue(env, ADMIN_ADDRESS_VARIABLE)?.value ?? "")?.[1];
  const port = Number(listens ?? ports?.find(({ name }) => name === ADMIN_PORT_NAME)?.containerPort ?? ADMIN_PORT);
  return port !== ADMIN_PORT && isPort(port) ? port : void 0;
}
function isPort(port) {
  return port >= 1 && port <= 65535;
}
function isoTime(time) {
  return time && new Date(time).toISOString();
}
function hasEnded({ status }) {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
function peculiaritiesOf(pod, proxy) {
  return {
    ...hasNoIdentity(proxy) ? { identityOff: true } : {},
    ...isOnlyProxy(pod) ? { onlyProxy: true } : {}
  };
}
function hasNoIdentity({ env }) {
  return Boolean(lastValue(env, IDENTITY_DISABLED_VARIABLE)?.value);
}
function isOnlyProxy({ spec, status }) {
  const own = (status?.containerStatuses ?? []).filter(({ name }) => name !== PROXY_CONTAINER);
  const { restartPolicy = "Always" } = spec ?? {};
  if (own.length === 0 || restartPolicy === "Always") return false;
  return own.every(({ state }) => state?.terminated && (restartPolicy === "Never" || state.terminated.exitCode === 0));
}
var SHARED_TEXTS = 256e3;
var texts = boundedCache(SHARED_TEXTS);
function sameText(text2) {
  const known = texts.get(text2);
  if (known !== void 0) return known;
  texts.set(text2, text2, text2.length * 2);
  return text2;
}
function anchorsOf(pod, proxy) {
  const variable = lastValue(proxy.env, ANCHORS_VARIABLE);
  const literalAnchors = variable?.value ? sameText(variable.value) : void 0;
  return {
    anchorsFromBundle: literalAnchors === void 0 && variable?.valueFrom?.configMapKeyRef?.name === TRUST_ROOTS,
    ...present({
      literalAnchors,
      identityAnchors: templateAnchors(pod).find(({ container }) => container === "identity")?.pem
    })
  };
}
function readyCondition({ status }) {
  return status?.conditions?.find((condition) => condition.type === "Ready" && condition.status === "True");
}
function startTime(pod) {
  if (containerStatuses(pod).some(({ restartCount }) => restartCount > 0)) return void 0;
  const ready = readyCondition(pod)?.lastTransitionTime;
  const created = pod.metadata?.creationTimestamp;
  return ready && created && new Date(ready).getTime() - new Date(created).getTime();
}
function proxyContainer(pod) {
  const all2 = [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []];
  return all2.find((container) => container.name === PROXY_CONTAINER);
}
function proxyStart(pod) {
  const startedAt = containerStatuses(pod).find(({ name }) => name === PROXY_CONTAINER)?.state?.running?.startedAt;
  return startedAt && new Date(startedAt);
}
function containerStatuses({ status }) {
  return [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []];
}
function lastValue(env, name) {
  return env?.findLast((variable) => variable.name === name);
}
var LONGEST_TEMPLATE = 1024;
var REFERENCE = /\$\(([-._A-Za-z0-9]{1,253})\)/g;
function expandedIdentity(pod, proxy) {
  const template = lastValue(proxy.env, IDENTITY_VARIABLE)?.value;
  if (template === void 0 || template.length > LONGEST_TEMPLATE) return void 0;
  const variables = {
    _pod_sa: pod.spec?.serviceAccountName ?? "default",
    _pod_ns: pod.metadata?.namespace
  };
  return template.replaceAll(REFERENCE, (whole, name) => {
    const value = variables[name] ?? lastValue(proxy.env, name)?.value ?? whole;
    return value.length > LONGEST_NAME ? whole : value;
  });
}
function pendingReason(pod) {
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return unscheduled ? unscheduled.message ?? unscheduled.reason : waitingReason(pod);
}
function waitingReason(pod) {
  for (const { name, state } of containerStatuses(pod)) {
    const reason = state?.waiting?.reason;
    if (reason && !USUAL_REASONS.test(reason)) return `container ${name}: ${reason}`;
  }
  return void 0;
}

// src/linkerd/proxies/list-pods.ts
async function listMeshedPods(k8s2, controlPlane, namespace) {
  const labelSelector = `${CONTROL_PLANE_NS_LABEL}=${controlPlane}`;
  const pods2 = await listAll(
    (page, asJson) => namespace === void 0 ? k8s2.core.listPodForAllNamespaces({ ...page, labelSelector }, asJson) : k8s2.core.listNamespacedPod({ ...page, namespace, labelSelector }, asJson),
    readMeshedPod
  );
  const owners = await ownersOfReplicaSets(k8s2, pods2.flatMap(replicaSetOf));
  return pods2.map((pod) => verified(pod, owners, controlPlane));
}
function verified(pod, owners, controlPlane) {
  return withVerifiedComponent(withVerifiedOwner(pod, owners), controlPlane);
}
function withVerifiedComponent(pod, controlPlane) {
  const { component, identityAnchors, ...rest2 } = pod;
  const { kind, name } = pod.workload;
  const isIdentity = kind === "Deployment" && name === IDENTITY_DEPLOYMENT;
  if (pod.namespace !== controlPlane || component === "identity" && !isIdentity) return rest2;
  return {
    ...rest2,
    ...present({ component, identityAnchors: component === "identity" ? identityAnchors : void 0 })
  };
}

// ../../tmp/one.ts
var k8s = createKubernetes({ kubeconfig: process.env.KC.replace("reroot.kubeconfig", "admin.kubeconfig"), requestsPerSecond: 500 });
var reading = { mark: "kubectl.kubernetes.io/restartedAt", markedAt: "x.y/at" };
var n = Number(process.env.N ?? 1);
var all = (await listWorkloads(k8s, void 0, reading, /* @__PURE__ */ new Set(["Deployment"]))).filter((w) => w.namespace !== "linkerd").slice(0, n);
var mark = (/* @__PURE__ */ new Date()).toISOString();
var t0 = Date.now();
for (const w of all) await rollWorkload(k8s, w, { reading, mark, manager: "kubectl" });
console.log("patched", all.length, all.reduce((s, w) => s + (w.wanted ?? 0), 0), "pods", Date.now() - t0);
for (; ; ) {
  const now = (await listWorkloads(k8s, void 0, reading, /* @__PURE__ */ new Set(["Deployment"]))).filter((w) => w.mark === mark);
  const done = now.filter((w) => w.rolledOut).length;
  if (process.env.V) console.log(Date.now() - t0, done, now.filter((w) => !w.rolledOut).slice(0, 2).map((w) => w.waitingFor));
  if (done === all.length) break;
  await new Promise((r) => setTimeout(r, 500));
}
console.log("done", Date.now() - t0);
var pods = (await listMeshedPods(k8s, "linkerd")).filter((p) => Date.parse(p.createdAt) >= t0 - 1e3);
console.log(pods.length, "new pods; startMs", pods.map((p) => p.startMs).sort((a, b) => a - b).filter((_, i) => i % Math.ceil(pods.length / 10) === 0));
