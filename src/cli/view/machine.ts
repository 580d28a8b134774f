import { Document, isScalar, visit } from 'yaml';
import { jsonText } from '../../ground/plain.js';
import type { OutputFormat } from '../options/common.js';

/** What a program is to read, in the format that it asked for; undefined: a person reads it. */
export function machineText(value: unknown, output: OutputFormat): string | undefined {
  if (output === 'text') return undefined;
  return output === 'yaml' ? yamlText(value) : jsonText(value);
}

const NOT_ASCII = /[^\n\u0020-\u007E]/u;
const EACH_NOT_ASCII = /[^\n\u0020-\u007E]/gu;

/**
 * YAML that means the same as the JSON does, and in which nothing is hidden either: a text with a character beyond ASCII
 * stands in quotation marks, and that character as its number.
 */
function yamlText(value: unknown): string {
  const document = new Document(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && NOT_ASCII.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).trimEnd().replaceAll(EACH_NOT_ASCII, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
