/** Wider pages, a wall, paper, and eyes that need more contrast or less motion. */
export const WHERE_STYLE = `
@media (max-width:63.99em){.roomy,.x-axis .minor{display:none}}
@media (min-width:64em){
.upper,.lower{grid-template-columns:repeat(12,minmax(0,1fr))}
.upper>*,.lower>*{grid-column:1/-1}
.lower>.certificates:has(+.next){grid-column:span 7}
.lower>.certificates+.next{grid-column:span 5}
.ends th:first-child{width:40%}
.track{flex-direction:row;align-items:stretch}
.track li{flex:1 1 0;display:flex;flex-direction:column;align-items:flex-start;gap:.1rem;padding:0 .6rem 0 0;min-width:0}
.track li::before{inset-inline-start:0;top:.66rem;bottom:auto;width:100%;height:2px}
.track li:first-child::before{top:.66rem}
.track li:last-child::before{width:0}
.track .icon{width:1.4rem;height:1.4rem;margin-bottom:.35rem;align-self:flex-start;box-shadow:.3rem 0 0 var(--ground)}
.track .took{text-align:start;font-size:.92rem}
.track .predicted{line-height:1.3;display:block}
.track .no-return{flex:0 0 6.4rem}
.track .no-return .name{line-height:1.25}
.namespaces,.ends{display:table}
.namespaces tbody,.ends tbody{display:table-row-group}
.namespaces thead,.ends thead{display:table-header-group;position:static;clip-path:none}
.namespaces tr,.ends tr{display:table-row}
.namespaces th,.namespaces td,.ends th,.ends td{padding:.6rem 1.4rem .6rem 0;border-top:1px solid var(--line)}
.namespaces thead th,.ends thead th{border-top:0;padding-block:.1rem}
.namespaces tbody tr:first-child>*,.ends tbody tr:first-child>*{border-top:1px solid var(--line)}
.namespaces td:nth-child(n+3){display:table-cell;width:32%}
.namespaces td:last-child,.namespaces th:last-child,.ends td:last-child{padding-inline-end:0}
.namespaces .label{display:none}
.namespaces .bar{margin:.15rem 0 .25rem}
.cn{display:block}
.left{min-width:8rem}
.charts{grid-template-columns:1fr 1fr}
.lower>.decisions:has(+.notes),.lower>.decisions+.notes{grid-column:span 6}
}
@media (min-width:130em){
.top,main,.source{max-width:min(100% - 6rem,150rem)}
.headline,.waits.loud{align-self:start}
.upper:has(.waits.loud)>.headline,.upper>.waits.loud{grid-column:span 6}
.waits.loud{margin-top:1.2rem}
.lower:has(.mesh){display:flow-root}
.lower>.mesh{float:inline-start;width:calc(50% - 1.5rem)}
.lower>.mesh~*{margin:0 0 2.6rem calc(50% + 1.5rem)}
.charts{--plot:14rem;column-gap:2rem}
}
@media (prefers-contrast:more){:root{--soft:var(--ink);--line:var(--ink)}}
@media (forced-colors:active){.bar,.plot,.swatch,.share,.life{forced-color-adjust:none}.mark,.command{border:1px solid}}
@media print{
:root{--ground:#fff;--panel:#f3f5f8;--ink:#000;--soft:#3c444e;--line:#b9c1cb;--accent:#1c5db8;--old:#c98510;--new:#1f66bd;--other:#c43a80;--unknown:#b4bcc7;--pattern:#fff;--dot:#5d6672;--cut:#fff;--ask:#7a4800;--ask-ground:#fff;--bad:#a8231b;--bad-ground:#fff;--good:#166a38}
html{font-size:10pt}
.skip,.connection,noscript{display:none}
.top,main,.source{max-width:none;margin:0}
#body,.upper,.lower{display:block}
.upper>*,.lower>*{margin-bottom:1.4rem}
.lower>.mesh{float:none;width:auto}.lower>.mesh~*{margin-inline-start:0}
.waits.loud,.alerts{border:1.5pt solid var(--ask-line)}
.alerts{border-color:var(--bad)}
tr,li,figure,.waits,.alerts{break-inside:avoid}
h2,h3,figcaption{break-after:avoid}
.charts{grid-template-columns:1fr 1fr;gap:1rem}
.charts{--plot:7rem}
details:not([open])>summary{color:var(--soft)}
}
`;
