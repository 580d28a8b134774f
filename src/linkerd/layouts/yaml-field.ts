import { StateError } from '../../ground/state-error.js';
import { isScalar, parseDocument, Scalar } from 'yaml';

/**
 * Reads and replaces one string field of a YAML text and leaves every other byte as it is: comments, unknown keys,
 * order and formatting belong to whoever wrote them.
 */

/**
 * The field's value.
 * @returns undefined when the field is absent, empty or not a string
 * @throws StateError `YamlUnreadable`
 */
export function readYamlField(text: string, path: readonly string[]): string | undefined {
  const value: unknown = findScalar(text, path)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The text with the field's value replaced, written in the style it had: a block scalar stays one.
 * @throws StateError `YamlUnreadable` when the field is absent or not a string
 */
export function replaceYamlField(text: string, path: readonly string[], value: string): string {
  const scalar = findScalar(text, path);
  if (!scalar?.range || typeof scalar.value !== 'string') {
    throw new StateError(
      'YamlUnreadable',
      `no string at ${path.join('.')} to replace`,
      'repair the text of the object',
    );
  }
  const [start, end] = scalar.range;
  const before = text.slice(0, start);
  const after = text.slice(end);
  if (scalar.type !== Scalar.BLOCK_LITERAL) return `${before}${JSON.stringify(value)}${after}`;
  return `${before}${blockLiteral(value, indentOf(text, start, end))}${after}`;
}

function findScalar(text: string, path: readonly string[]): Scalar | undefined {
  const document = parseDocument(text, { keepSourceTokens: true });
  const [error] = document.errors;
  if (error) {
    // its message may quote the text, and linkerd-config-overrides has a private key in it
    const line = error.linePos?.[0].line;
    const where = line === undefined ? '' : ` in line ${line}`;
    throw new StateError('YamlUnreadable', `not YAML: ${error.code}${where}`, 'repair the text of the object');
  }
  const node: unknown = document.getIn(path, true);
  return isScalar(node) ? node : undefined;
}

/** Spaces before the lines of an existing block scalar; of an empty one, two more than its key's. */
function indentOf(text: string, start: number, end: number): number {
  const body = /\n( +)\S/.exec(text.slice(start, end));
  if (body?.[1]) return body[1].length;
  const lineStart = text.lastIndexOf('\n', start) + 1;
  return text.slice(lineStart).search(/\S/) + 2;
}

function blockLiteral(value: string, indent: number): string {
  let end = value.length;
  while (value[end - 1] === '\n') end -= 1; // a pattern would take the square of a long run of newlines
  const body = value.slice(0, end);
  const keepsNewline = value.endsWith('\n');
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`));
  return `${keepsNewline ? '|' : '|-'}\n${lines.join('\n')}\n`;
}
