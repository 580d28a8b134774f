/** Bars, areas and tables. */
export const CHARTS_STYLE = `
.c-new,.h-new{fill:var(--new)}
.c-old,.h-old{fill:var(--old)}
.c-other{fill:var(--other)}
.c-unknown{fill:var(--unknown)}
.h-both{fill:url(#p-both)}
.h-other{fill:url(#p-other)}
.h-unknown{fill:url(#p-unknown)}
.c-ink{stroke:var(--pattern);stroke-width:.06em}
.c-dot{fill:var(--dot)}
.swatch{width:1.05rem;height:1.05rem;border-radius:.2rem;flex:none;align-self:center}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:.6rem 0 1rem}
.legend li{display:inline-flex;align-items:baseline;flex-wrap:wrap;gap:.1rem .5rem}
.legend li>span{color:var(--soft)}
.legend.small{margin:.25rem 0 .5rem;gap:.2rem 1.2rem;font-size:.92rem}
.legend.small b{color:var(--ink)}
.legend.small .swatch{width:.85rem;height:.85rem}
.namespaces,.namespaces tbody,.ends,.ends tbody{display:block}
.namespaces thead,.ends thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.namespaces tr{display:grid;grid-template-columns:1fr auto;gap:.3rem 1rem;padding:.8rem 0;border-top:1px solid var(--line)}
.namespaces tbody tr:first-child,.ends tbody tr:first-child{border-top:0}
.namespaces td:nth-child(n+3){grid-column:1/-1;display:grid;grid-template-columns:4.6rem 1fr;gap:.15rem .7rem;align-items:center}
.namespaces .label{color:var(--soft);font-size:.9rem}
.namespaces .counts{grid-column:2}
.ns{font-weight:620}
.tag{font-size:.8rem;color:var(--soft);border:1px solid var(--line);border-radius:.25rem;padding:0 .4rem;white-space:nowrap}
.bar{height:1.15rem;border-radius:.2rem}
.counts{font-size:.9rem;color:var(--soft)}
.counts b{color:var(--ink);font-weight:620}
.rolls{display:block;font-size:.88rem;color:var(--soft)}
.rolls.running{color:var(--accent)}
.rolls.stuck{color:var(--bad);font-weight:600}
.compact th,.compact td,.numbers th,.numbers td{padding:.25rem .9rem .25rem 0;border-top:1px solid var(--line);font-size:.9rem}
.compact thead th,.numbers thead tr:first-child th{border-top:0}
.compact tbody th{font-weight:550}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline-offset:0}
.numbers th,.numbers td{white-space:nowrap}
.charts{display:grid;gap:2rem 3rem}
.plot-grid{display:grid;grid-template-columns:auto minmax(0,1fr);gap:0 .5rem}
.plot-grid .y-axis{display:block;height:var(--plot);margin-top:1.15rem;width:2.6rem;overflow:visible}
.y-axis text{fill:var(--soft);font-size:.8rem;dominant-baseline:central}
.plot-box svg{display:block;width:100%;overflow:visible}
.charts{--plot:12rem}
.plot-box .plot{height:var(--plot)}
.phases-of{height:1.15rem}
.x-axis{height:1.6rem}
.ground{fill:var(--panel)}
.grid{stroke:var(--ink);stroke-opacity:.22;stroke-dasharray:.15em .25em;stroke-width:.06em}
.boundary{stroke:var(--ink);stroke-opacity:.55;stroke-width:.07em}
.x-axis line{stroke:var(--soft)}
.x-axis text,.phases-of text{fill:var(--soft);font-size:.8rem}
#numbers{margin-top:1rem}
.ends tr{display:grid;grid-template-columns:1fr auto;gap:.1rem 1rem;padding:.7rem 0;border-top:1px solid var(--line)}
.ends th{grid-column:1/-1}
.ends td:nth-child(4){grid-column:1/-1}
.ends code,.ends time{white-space:nowrap}
.kind{font-weight:620}
.cn{color:var(--soft);font-size:.93em}
.kind::after{content:" "}
.left .icon{margin-inline-end:.4rem}
.left .bad{color:var(--bad)}
.left .soon{color:var(--ask)}
.life{display:block;width:100%;max-width:16rem;height:.3rem;border-radius:.15rem;margin-top:.35rem;overflow:hidden}
.life .part{fill:var(--soft)}
.soon .life .part{fill:var(--ask-line)}
.expired .life .part{fill:var(--bad)}
`;
