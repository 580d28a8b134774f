import path from 'node:path';

/**
 * The name by which this program was called: its own, or that of a plugin. kubectl runs `kubectl-reroot` of the PATH for
 * `kubectl reroot`, and linkerd runs `linkerd-reroot` for `linkerd reroot`.
 */
export type CalledName = 'reroot' | 'kubectl reroot' | 'linkerd reroot';

const PLUGIN = /^(kubectl|linkerd)-reroot(?:\.js)?$/;

/** @param file what was started: the link that npm makes, or the file behind it */
export function nameOf(file: string): CalledName {
  const host = PLUGIN.exec(path.basename(file))?.[1];
  return host === undefined ? 'reroot' : (`${host} reroot` as CalledName);
}

export function calledName(): CalledName {
  return nameOf(process.argv[1] ?? '');
}

/** The one word that a shell knows it by. */
export function executable(name: CalledName): string {
  return name.replace(' ', '-');
}

/** `reroot status` in a text for people, where it is a command to type: in code, or at the end of a sentence that says so. */
const COMMAND = /(?<=`|with: |there: |terminal: |pipe: )reroot (?=[a-z])/g;

/** A text for people: the commands in it are as they would type them. What programs read is not for this. */
export function asCalled(text: string, name: CalledName = calledName()): string {
  return name === 'reroot' ? text : text.replaceAll(COMMAND, `${name} `);
}
