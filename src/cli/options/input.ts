import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parse, YAMLParseError } from 'yaml';
import { present } from '../../ground/present.js';
import { strategyNames } from '../../rotation/courses/index.js';
import type { IssuerInput, RotationInput } from '../../rotation/input.js';
import { type Owned, OWNER_KINDS, type OwnerKind } from '../../rotation/owners.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { WatchInput } from '../../rotation/watch-input.js';
import { type ClusterOptions, type CommonOptions, defaultCluster } from './common.js';

/** For what prints findings. */
export interface DetailsOption {
  details?: boolean;
}

function withDetails(command: Command): Command {
  return command.option('--details', 'name each finding in a line of its own, and not each reason once');
}

/** Flags for the fields of the input that people set most; a file can have all of them. */
export interface InputOptions extends DetailsOption {
  input?: string;
  strategy?: RotationInput['strategy'];
  approvals?: RotationInput['approvals'];
  adopt?: string;
  issuerKeyCompromised?: boolean;
  leafRenewal?: 'wait' | 'roll';
  pace?: 'forced' | 'organic';
  deadline?: string;
  pods?: string;
  canary?: string;
  maxStragglers?: string;
  rootValidity?: string;
  issuerValidity?: string;
  rootKey?: 'keep' | 'discard';
  certificates?: string;
  bundleOwner?: OwnerKind;
  issuerOwner?: OwnerKind;
}

/** Flags for the watch's own fields. */
export interface WatchInputOptions {
  linkerdNamespace?: string;
  every?: string;
  onRenewal?: 'rotate' | 'ask';
  before?: string;
  issuerBefore?: string;
}

export function withInputOptions(command: Command): Command {
  return withDetails(command)
    .option(
      '-f, --input <file>',
      'JSON or YAML file with the input (docs/input.md); "-" reads stdin. Flags override it',
    )
    .addOption(new Option('--strategy <name>', 'strategy of the rotation').choices(strategyNames()))
    .option('--issuer-key-compromised', 'the issuer key may be in the wrong hands: use no strategy that relies on it')
    .addOption(leafRenewalOption())
    .addOption(new Option('--pace <how>', 'how the workloads are rolled').choices(['forced', 'organic']))
    .option('--deadline <duration>', 'how long an organic rollout waits, for example 14d')
    .option('--pods <count>', 'pods that are replaced at the same time, over the whole cluster')
    .option('--canary <which>', 'rolled and proven first: eachNamespace, none, or a list as "shop,pay/Deployment/api"')
    .option('--max-stragglers <limit>', 'stop the rollout and ask beyond so many, for example 5 or 10%')
    .addOption(
      new Option('--approvals <when>', 'when to ask for approval').choices([
        'beforeRetire',
        'everyPhase',
        'inCluster',
        'none',
      ]),
    )
    .option('--adopt <fingerprint>', 'go on with the root in Secret reroot-rotation that nothing but a pod refers to')
    .option('--root-validity <duration>', 'validity of the new root, for example 10y')
    .option('--issuer-validity <duration>', 'validity of the new issuer, for example 1y')
    .addOption(
      new Option(
        '--root-key <what>',
        'what becomes of the key of the new root (default: keep; of a root of your own: discard)',
      ).choices(['keep', 'discard']),
    )
    .option('--certificates <secret>', 'Secret in the Linkerd namespace with a root (and issuer) of your own')
    .addOption(ownerOption('bundle', 'the trust bundle'))
    .addOption(ownerOption('issuer', 'the issuer Secret'));
}

/** Those of the above that concern an issuer alone. */
export function withIssuerOptions(command: Command): Command {
  return withDetails(command)
    .option(
      '-f, --input <file>',
      'JSON or YAML file with the input of rotateIssuer; "-" reads stdin. Flags override it',
    )
    .option('--adopt <fingerprint>', 'go on with what is in Secret reroot-rotation')
    .option('--issuer-validity <duration>', 'validity of the new issuer, for example 90d')
    .addOption(leafRenewalOption())
    .option('--certificates <secret>', 'Secret in the Linkerd namespace with an issuer of your own under the root')
    .addOption(ownerOption('issuer', 'the issuer Secret'));
}

function ownerOption(owned: Owned, what: string): Option {
  return new Option(`--${owned}-owner <owner>`, `who writes ${what} (default: found by looking)`).choices(OWNER_KINDS);
}

function leafRenewalOption(): Option {
  return new Option('--leaf-renewal <how>', "wait for the proxies' own renewal, or roll them").choices([
    'wait',
    'roll',
  ]);
}

/**
 * The input that a file and flags make together; flags win.
 * @throws CliError when the file cannot be read
 */
export function rotationInput(options: ClusterOptions & InputOptions): RotationInput {
  const file: RotationInput = options.input === undefined ? {} : readInputFile(options.input);
  const { linkerdNamespace } = options;
  return { ...rotationFields(options, file), ...clusterOf(options, file), ...present({ linkerdNamespace }) };
}

/**
 * The input of a watch; what flags say of the rotation is for the one that it starts.
 * @throws CliError when the file cannot be read
 */
export function watchInput(options: CommonOptions & InputOptions & WatchInputOptions): WatchInput {
  const file: WatchInput = options.input === undefined ? {} : readInputFile(options.input);
  const { linkerdNamespace, every, onRenewal, before, issuerBefore } = options;
  return {
    ...file,
    ...clusterOf(options, file),
    ...present({ linkerdNamespace, every, onRenewal, before, issuerBefore }),
    rotation: rotationFields(options, file.rotation ?? {}),
  };
}

/** Flags over what a file says of a rotation. */
function rotationFields(options: InputOptions, file: RotationInput): RotationInput {
  const { strategy, approvals, adopt, issuerKeyCompromised, leafRenewal, certificates } = options;
  const { rootValidity, rootKey, issuerValidity, bundleOwner, issuerOwner } = options;
  const owners = { ...file.owners, ...present({ bundle: bundleOwner, issuer: issuerOwner }) };
  return {
    ...file,
    ...present({ strategy, approvals, adopt, issuerKeyCompromised, leafRenewal }),
    rollout: { ...file.rollout, ...rolloutFields(options) },
    root: { ...file.root, ...present({ validity: rootValidity, key: rootKey }) },
    issuer: { ...file.issuer, ...present({ validity: issuerValidity }) },
    ...(Object.keys(owners).length > 0 ? { owners } : {}),
    ...present({ certificates: certificates === undefined ? undefined : { secret: certificates } }),
  };
}

function rolloutFields({ pace, deadline, pods, canary, maxStragglers }: InputOptions): RotationInput['rollout'] {
  return present({
    ...{ pace, deadline, pods: pods === undefined ? undefined : number(pods) },
    canary: canary === undefined ? undefined : canaryOf(canary),
    maxStragglers: maxStragglers === undefined ? undefined : number(maxStragglers),
  }) as RotationInput['rollout'];
}

/** What is no number stays as it was written: whoever checks the input says what is wrong with it. */
function number(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function canaryOf(text: string): string | string[] {
  return ['eachNamespace', 'none'].includes(text) ? text : text.split(',').map((one) => one.trim());
}

/** The flag has a default, over which a file wins. */
function clusterOf({ cluster }: CommonOptions, file: Pick<RotationInput, 'cluster'>): Pick<RotationInput, 'cluster'> {
  return cluster === defaultCluster() && file.cluster !== undefined ? {} : { cluster };
}

/**
 * The same for the issuer alone.
 * @throws CliError when the file cannot be read
 */
export function issuerInput(options: ClusterOptions & InputOptions): IssuerInput {
  const { root: _, ...input } = rotationInput(options);
  return input;
}

function readInputFile(file: string): object {
  try {
    const content: unknown = parse(readFileSync(file === '-' ? 0 : file, 'utf8'), { logLevel: 'error' });
    if (content === null || content === undefined) return {};
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it must hold one object');
    return content;
  } catch (error) {
    throw new CliError(`cannot read the input ${file}: ${whyNot(error)}`, EXIT.refused);
  }
}

/** The parser quotes lines of the file, and somebody may have named the wrong one: a key's. */
function whyNot(error: unknown): string {
  if (error instanceof YAMLParseError) return `not YAML (${error.code}, line ${error.linePos?.[0].line ?? '?'})`;
  return error instanceof Error ? error.message : String(error);
}
