/** Reads the reasons of findings and problems out of source texts, for `reasons.test.ts`. */

export type Sources = Readonly<Record<string, string>>;

/** Where an expression begins that gives a reason: the field, or the first argument of what builds a finding. */
const BEGINS = /\breason:|(?<![.\w])(?:error|warning|unproven|\w*(?:State|Detection|Record)Error)\(/g;
const REASON = /'([A-Z][A-Za-z]+)'/g;
const COMPARED = /[!=]==\s*'[^']*'/g;

/** Every reason that a source gives, once; what a type says of reasons is left out. */
export function reasonsIn(source: string): string[] {
  const reasons = new Set<string>();
  for (const { 0: begin, index } of source.matchAll(BEGINS)) {
    const expression = expressionAt(source, index + begin.length);
    if (/'\s*\|/.test(expression)) continue;
    for (const [, reason] of expression.replace(COMPARED, '').matchAll(REASON)) if (reason) reasons.add(reason);
  }
  return [...reasons];
}

const FAILS = /\bApplicationFailure\.(?:nonRetryable|retryable)\(/g;
const FAILURE_TYPE = /\btype: '([A-Z][a-z]+[A-Z][A-Za-z]+)'/g;

/** Every type that a failure of a step or a workflow has. */
export function failureTypesIn(source: string): string[] {
  const called = Array.from(source.matchAll(FAILS), ({ 0: begin, index }) => {
    const message = expressionAt(source, index + begin.length);
    return expressionAt(source, index + begin.length + message.length + 1);
  });
  const second = called.flatMap((expression) => Array.from(expression.matchAll(REASON), ([, type = '']) => type));
  return [...new Set([...second, ...Array.from(source.matchAll(FAILURE_TYPE), ([, type = '']) => type)])];
}

/** What `Kubernetes…` failures are named for: the kinds of errors of the API server. */
export function kubernetesTypesIn(source: string): string[] {
  const [, union = ''] = /type KubernetesErrorKind =([^;]+);/.exec(source) ?? [];
  return Array.from(union.matchAll(REASON), ([, kind = '']) => `Kubernetes${kind}`);
}

/** Reasons that are quoted in none of the tests, each with the sources that give it. */
export function untested(sources: Sources, tests: Sources): string[] {
  const texts = Object.values(tests);
  return Object.entries(sources).flatMap(([path, source]) =>
    reasonsIn(source)
      .filter((reason) => !texts.some((text) => text.includes(`'${reason}'`)))
      .map((reason) => `${reason} (${path})`),
  );
}

/** Up to the comma, semicolon or bracket that ends it; those inside of it or of a string do not. */
function expressionAt(source: string, start: number): string {
  let depth = 0;
  let quote = '';
  for (let at = start; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (`'"\``.includes(character)) quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (quote === '' && (depth < 0 || (depth === 0 && ',;'.includes(character)))) return source.slice(start, at);
  }
  return source.slice(start);
}
