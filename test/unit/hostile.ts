import * as fc from 'fast-check';

/** Texts of somebody who would like a terminal, a page or a person to take them for something else. */

const PIECES = [
  ...[
    '\u001B[2J',
    '\u001B]8;;https://evil.example\u0007',
    '\u009B31m',
    '\u0000',
    '\u0007',
    '\r',
    '\n',
    '\r\n',
    '\t',
    '\u0085',
  ],
  ...['\u2028', '\u2029', '\u202E', '\u2066', '\u200B', '\u200F', '\uFEFF', '\u00AD', '\uD800', '\uDC00', '\u{E0041}'],
  ...['# ', '## ', '> ', '- ', '+ ', '* ', '1. ', '---', '===', '***', '    ', '```', '~~~', '`', '``', '\\', '|'],
  ...[
    '[approve](https://evil.example)',
    '![i](//evil.example/i.png)',
    '<script>',
    '<a href=x>',
    '<!--',
    '-->',
    '&lt;',
    '&#60;',
  ],
  ...[
    'https://evil.example/x',
    'HTTP://e.co',
    'www.evil.example',
    'a@evil.example',
    'mailto:a@b.co',
    '<https://e.co>',
    '<',
  ],
  ...['*', '**', '_', '__', '~', '~~', '[', ']', '[^1]', '[x]: //e', '!', '(', ')', '{{', '&', ':', '@', '.', '$&'],
  ...['\n# head\n', '\n| a | b |\n|---|---|\n', '\n\n<b>x</b>\n\n', '\n- item\n', '\n```\n'],
  ...['web', 'shop/Deployment/web', ' ', 'é', '日本', '👩‍💻', 'x'],
];

export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
);

/** Many of them, to be taken one after the other; the last ones again and again. */
export const hostileTexts = fc.array(hostileText, { minLength: 1, maxLength: 60 });

export type Next = () => string;

export function oneAfterTheOther(texts: readonly string[]): Next {
  let at = 0;
  return () => texts[at++ % texts.length] ?? '';
}

/** What no text that is shown may have in it, beside the line breaks of whoever shows it. */
// oxlint-disable-next-line no-control-regex
export const UNFIT = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}/u;
