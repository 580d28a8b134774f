import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import type { IssuerInput, RotationInput } from '../../rotation/input.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { ClusterOptions } from './common.js';

/** Flags for the fields of the input that people set most; a file can have all of them. */
export interface InputOptions {
  input?: string;
  strategy?: RotationInput['strategy'];
  approvals?: RotationInput['approvals'];
  issuerKeyCompromised?: boolean;
  leafRenewal?: 'wait' | 'roll';
  pace?: 'forced' | 'organic';
  deadline?: string;
  rootValidity?: string;
  issuerValidity?: string;
  rootKey?: 'keep' | 'discard';
  certificates?: string;
}

export function withInputOptions(command: Command): Command {
  return command
    .option(
      '-f, --input <file>',
      'JSON or YAML file with the input (docs/input.md); "-" reads stdin. Flags win over it',
    )
    .addOption(new Option('--strategy <name>', 'how to rotate').choices(['bridge', 'patient', 'standard']))
    .option(
      '--issuer-key-compromised',
      'the issuer key may be in the wrong hands: no strategy that goes on trusting it',
    )
    .addOption(new Option('--leaf-renewal <how>', 'wait for the proxies, or roll').choices(['wait', 'roll']))
    .addOption(new Option('--pace <how>', 'of the bridge rollout').choices(['forced', 'organic']))
    .option('--deadline <duration>', 'how long an organic rollout waits, for example 14d')
    .addOption(new Option('--approvals <when>', 'when to ask').choices(['beforeRetire', 'everyPhase', 'none']))
    .option('--root-validity <duration>', 'life of the new root, for example 10y')
    .option('--issuer-validity <duration>', 'life of the new issuer, for example 1y')
    .addOption(new Option('--root-key <what>', "what becomes of the new root's key").choices(['keep', 'discard']))
    .option('--certificates <secret>', 'Secret in the Linkerd namespace with a root (and issuer) of your own');
}

/** Those of the above that concern an issuer alone. */
export function withIssuerOptions(command: Command): Command {
  return command
    .option(
      '-f, --input <file>',
      'JSON or YAML file with the input of rotateIssuer; "-" reads stdin. Flags win over it',
    )
    .option('--issuer-validity <duration>', 'life of the new issuer, for example 90d')
    .addOption(new Option('--leaf-renewal <how>', 'wait for the proxies, or roll').choices(['wait', 'roll']))
    .option('--certificates <secret>', 'Secret in the Linkerd namespace with an issuer of your own under the root');
}

/** @throws CliError when the file cannot be read */
export function issuerInput(options: ClusterOptions & InputOptions): IssuerInput {
  const { root: _, ...input } = rotationInput({ ...options });
  return input;
}

/** @throws CliError when the file cannot be read */
export function rotationInput(options: ClusterOptions & InputOptions): RotationInput {
  const file = options.input === undefined ? {} : readInputFile(options.input);
  const { root = {}, issuer = {}, rollout = {} } = file;
  return {
    ...file,
    ...(options.cluster !== 'default' || file.cluster === undefined ? { cluster: options.cluster } : {}),
    ...(options.linkerdNamespace ? { linkerdNamespace: options.linkerdNamespace } : {}),
    ...(options.strategy ? { strategy: options.strategy } : {}),
    ...(options.approvals ? { approvals: options.approvals } : {}),
    ...(options.issuerKeyCompromised ? { issuerKeyCompromised: true } : {}),
    ...(options.leafRenewal ? { leafRenewal: options.leafRenewal } : {}),
    rollout: {
      ...rollout,
      ...(options.pace ? { pace: options.pace } : {}),
      ...(options.deadline ? { deadline: options.deadline } : {}),
    },
    root: {
      ...root,
      ...(options.rootValidity ? { validity: options.rootValidity } : {}),
      ...(options.rootKey ? { key: options.rootKey } : {}),
    },
    issuer: { ...issuer, ...(options.issuerValidity ? { validity: options.issuerValidity } : {}) },
    ...(options.certificates ? { certificates: { secret: options.certificates } } : {}),
  };
}

function readInputFile(file: string): RotationInput {
  try {
    const content: unknown = parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
    if (content === null || content === undefined) return {};
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it must hold one object');
    return content;
  } catch (error) {
    throw new CliError(
      `cannot read the input ${file}: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.refused,
    );
  }
}
