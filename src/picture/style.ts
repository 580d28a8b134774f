import { BASE_STYLE } from './style/base.js';
import { CHARTS_STYLE } from './style/charts.js';
import { PARTS_STYLE } from './style/parts.js';
import { WHERE_STYLE } from './style/where.js';

/** All of the page's style, as text. No font, picture or rule comes from anywhere else. */
export const PAGE_STYLE = [BASE_STYLE, PARTS_STYLE, CHARTS_STYLE, WHERE_STYLE].join('');
