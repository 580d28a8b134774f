/**
 * What the pictures are made of. They have no background, and their text a grey that stands out from white as much as
 * from black: GitHub shows them on either.
 */

export const TEXT_COLOUR = '#6e7781';
export const BAR_COLOURS = { hand: '#9198a1', reroot: '#2da44e' } as const;
export const WIDTH = 880;

/** @returns an SVG document */
export function picture(height: number, label: string, content: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>text{font:13px -apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;fill:${TEXT_COLOUR}}.title{font-size:15px;font-weight:600}.panel,.number{font-weight:600}.small{font-size:11px}.end{text-anchor:end}</style>`,
    ...content,
    '</svg>',
  ].join('\n')}\n`;
}

export function text(x: number, y: number, content: string, className?: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}"${className ? ` class="${className}"` : ''}>${escaped(content)}</text>`;
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
  fill: string;
  opacity?: number;
}

export function rectangle({ x, y, width, height, fill, opacity = 1 }: Rectangle): string {
  const fade = opacity === 1 ? '' : ` fill-opacity="${opacity}"`;
  return `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}" fill="${fill}"${fade}/>`;
}

export function line(points: readonly (readonly [x: number, y: number])[], colour: string, width = 1.5): string {
  const path = points.map((point) => point.map((at) => at.toFixed(1)).join(',')).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
