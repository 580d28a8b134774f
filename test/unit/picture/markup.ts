/** Reads the markup of a page as strictly as XML is read, so that a test sees elements and texts and not letters. */

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: (Element | string)[];
}

const VOID = new Set(['meta', 'link', 'img', 'br', 'input']);
const TOKEN =
  /<!doctype html>|<\/([a-zA-Z0-9]+)\s*>|<([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9:-]+(?:="[^"<]*")?)*)\s*(\/?)>|[^<]+|</gy;
const ATTRIBUTE = /([a-zA-Z0-9:-]+)(?:="([^"]*)")?/g;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** @throws Error for what is not closed, not opened, or not escaped */
export function parse(markup: string): Element {
  const root: Element = { name: '#root', attributes: {}, children: [] };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < markup.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(markup);
    if (!match || match[0] === '<') throw new Error(`no markup: ${markup.slice(at, at + 80)}`);
    const [token, closes, opens, attributes = '', empty] = match;
    const current = open.at(-1) ?? root;
    if (closes !== undefined) {
      const closed = open.pop();
      if (closed?.name !== closes) throw new Error(`</${closes}> closes <${closed?.name}>`);
    } else if (opens !== undefined) {
      const element: Element = { name: opens, attributes: attributesOf(attributes), children: [] };
      current.children.push(element);
      if (opens === 'script' || opens === 'style') {
        const end = markup.indexOf(`</${opens}>`, TOKEN.lastIndex);
        element.children.push(markup.slice(TOKEN.lastIndex, end));
        TOKEN.lastIndex = end + opens.length + 3;
      } else if (!empty && !VOID.has(opens)) open.push(element);
    } else if (!token.startsWith('<!')) current.children.push(unescaped(token));
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return root;
}

function attributesOf(written: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(written.matchAll(ATTRIBUTE), ([, name = '', value = '']) => [name, unescaped(value)]),
  );
}

function unescaped(written: string): string {
  return written.replaceAll(/&(#?\w*);?/g, (entity, name: string) => {
    const character = ENTITIES[name];
    if (character === undefined || !entity.endsWith(';')) throw new Error(`not escaped: ${entity}`);
    return character;
  });
}

/** All elements below it, itself included, in their order. */
export function all(element: Element): Element[] {
  const found = [element];
  for (const child of element.children) if (typeof child !== 'string') found.push(...all(child));
  return found;
}

export function named(element: Element, ...names: string[]): Element[] {
  return all(element).filter(({ name }) => names.includes(name));
}

export function withClass(element: Element, wanted: string): Element[] {
  return all(element).filter(({ attributes }) => (attributes['class'] ?? '').split(/\s+/).includes(wanted));
}

export function byId(element: Element, id: string): Element | undefined {
  return all(element).find(({ attributes }) => attributes['id'] === id);
}

/** What can be read of it, in one line. */
export function text(element: Element | string | undefined): string {
  return raw(element).replaceAll(/\s+/g, ' ').trim();
}

function raw(element: Element | string | undefined): string {
  if (element === undefined) return '';
  if (typeof element === 'string') return element;
  return element.children.map(raw).join('');
}
