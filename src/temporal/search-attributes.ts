import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { plain } from '../ground/plain.js';
import { isCloud, SEARCH_ATTRIBUTES } from './names.js';

/** IndexedValueType of temporal.api.enums.v1. */
const KEYWORD = 2;
const TYPES = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'];
/** gRPC status codes with which a server says that it does not know a search attribute, or that nobody may ask. */
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const NOT_KNOWN: readonly number[] = [INVALID_ARGUMENT, PERMISSION_DENIED, UNIMPLEMENTED];

const WITHOUT = 'Rotations go on without them: they only let you list rotations by cluster and phase.';

export interface Where {
  namespace: string;
  address: string;
}

/** What a worker has found out about the search attributes of its Temporal namespace. */
export interface SearchAttributes {
  /** Why there are none, and how to have them; absent: there are. */
  absent?: string;
  /** Whether a rotation that begins now may set them: a workflow that sets one which the namespace does not know hangs. */
  known(): Promise<boolean>;
}

/**
 * Adds the search attributes to the Temporal namespace where they are missing and may be added. Where not (Temporal Cloud,
 * servers that let nobody, SQL stores that are full, others of that name), rotations go on without them.
 * @throws ServiceError when the server does not answer, or does not know the namespace
 */
export async function ensureSearchAttributes(connection: NativeConnection, where: Where): Promise<SearchAttributes> {
  const { namespace } = where;
  const { missing, others } = await lookAt(connection, namespace);
  const why = others.length > 0 ? undefined : await add(connection, namespace, missing);
  // what was just added is known to every server within seconds; until then a workflow's task is tried again
  if (others.length === 0 && why === undefined) return { known: async () => await Promise.resolve(true) };
  const known = async () => {
    const now = await lookAt(connection, namespace);
    return now.missing.length === 0 && now.others.length === 0;
  };
  return { absent: others.length > 0 ? otherTypeText(others, where) : absentText(missing, why ?? '', where), known };
}

interface Seen {
  missing: string[];
  /** Those of another type, with it. */
  others: Other[];
}

interface Other {
  name: string;
  type: string;
}

/** Queries need no operator's permission (Temporal Cloud grants none). */
async function lookAt(connection: NativeConnection, namespace: string): Promise<Seen> {
  const others = await ofOtherType(connection, namespace);
  const missing: string[] = [];
  for (const name of SEARCH_ATTRIBUTES) {
    if (others.some((other) => other.name === name)) continue;
    if (!(await isKnown(connection, namespace, name))) missing.push(name);
  }
  return { missing, others };
}

async function isKnown(connection: NativeConnection, namespace: string, name: string): Promise<boolean> {
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'x'` });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && NOT_KNOWN.includes(error.code)) return false;
    throw error;
  }
}

/** SQL stores compare a number with a text without a word, so types are asked for; who may not ask learns nothing. */
async function ofOtherType({ operatorService }: NativeConnection, namespace: string): Promise<Other[]> {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.flatMap((name) => {
      const type: number = customAttributes[name] ?? KEYWORD;
      return type === KEYWORD ? [] : [{ name, type: TYPES[type] ?? `${type}` }];
    });
  } catch (error) {
    if (isGrpcServiceError(error)) return [];
    throw error;
  }
}

/** @returns why they could not be added */
async function add(
  { operatorService }: NativeConnection,
  namespace: string,
  missing: readonly string[],
): Promise<string | undefined> {
  if (missing.length === 0) return undefined;
  try {
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
    return undefined;
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    // another worker is adding them at this moment
    return error.code === ALREADY_EXISTS ? undefined : plain(error.message).replace(/\.+$/, '');
  }
}

/** For the worker's log: what is missing, what that costs, and what makes it good. */
export function absentText(missing: readonly string[], why: string, where: Where): string {
  return (
    `Temporal namespace ${where.namespace} does not have the search attributes ${missing.join(' and ')} (Keyword), and refuses to ` +
    `add them: ${why}. ${WITHOUT} To have them: ${howToAdd(missing, where)}. Rotations that begin after that show them`
  );
}

function otherTypeText(others: readonly Other[], { namespace }: Where): string {
  const types = others.map(({ name, type }) => `${name} is ${type}`).join(', ');
  return (
    `Temporal namespace ${namespace} has search attributes of another type than Keyword: ${types}. ${WITHOUT} To have them, ` +
    'remove these and start the worker again; whoever has made them may need them'
  );
}

function howToAdd(missing: readonly string[], { namespace, address }: Where): string {
  if (isCloud(address)) {
    const flags = missing.map((name) => ` --search-attribute "${name}=Keyword"`).join('');
    return `\`tcld namespace search-attributes add --namespace ${namespace}${flags}\`, or the page of the namespace at cloud.temporal.io`;
  }
  return missing
    .map(
      (name) => `\`temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword\``,
    )
    .join(' and ');
}
