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
 * servers that let nobody, SQL stores that are full), rotations go on without them.
 * @throws ServiceError when the server does not answer, or does not know the namespace
 */
export async function ensureSearchAttributes(connection: NativeConnection, where: Where): Promise<SearchAttributes> {
  const { namespace } = where;
  const missing = await missingOf(connection, namespace);
  if (missing.length === 0) return { known: async () => await Promise.resolve(true) };
  const why = await add(connection, namespace, missing);
  // what was just added is known to every server within seconds; until then a workflow's task is tried again
  if (why === undefined) return { known: async () => await Promise.resolve(true) };
  return {
    absent: absentText(missing, why, where),
    known: async () => (await missingOf(connection, namespace)).length === 0,
  };
}

/** Asked by queries, which need no operator's permission (Temporal Cloud grants none). */
async function missingOf(connection: NativeConnection, namespace: string): Promise<string[]> {
  const missing: string[] = [];
  for (const name of SEARCH_ATTRIBUTES) if (!(await isKnown(connection, namespace, name))) missing.push(name);
  return missing;
}

/** One of another type, which takes no text, is as good as none. */
async function isKnown(connection: NativeConnection, namespace: string, name: string): Promise<boolean> {
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'x'` });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && NOT_KNOWN.includes(error.code)) return false;
    throw error;
  }
}

/** @returns why they could not be added */
async function add(
  connection: NativeConnection,
  namespace: string,
  missing: readonly string[],
): Promise<string | undefined> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
    return undefined;
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    const others = await ofOtherType(connection, namespace, missing);
    if (others.length > 0) return `they are there with another type: ${others.join(', ')}`;
    // another worker is adding them at this moment
    return error.code === ALREADY_EXISTS ? undefined : `the server refuses to add them: ${plain(error.message)}`;
  }
}

/** Who may not list them learns nothing. */
async function ofOtherType(
  connection: NativeConnection,
  namespace: string,
  names: readonly string[],
): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return names.flatMap((name) => {
      const type: number = customAttributes[name] ?? KEYWORD;
      return type === KEYWORD ? [] : [`${name} is ${TYPES[type] ?? type}`];
    });
  } catch (error) {
    if (isGrpcServiceError(error)) return [];
    throw error;
  }
}

/** For the worker's log: what is missing, what that costs, and what makes it good. */
export function absentText(missing: readonly string[], why: string, where: Where): string {
  return (
    `Temporal namespace ${where.namespace} does not have the search attributes ${missing.join(' and ')} (Keyword): ${why}. ` +
    'Rotations go on without them: they only let you list rotations by cluster and phase. ' +
    `To have them: ${howToAdd(missing, where)}. Rotations that begin after that show them`
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
