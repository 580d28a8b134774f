/** Headline, what is waited for, phases, lists. */
export const PARTS_STYLE = `
#body{display:grid;gap:2.6rem}
.upper,.lower{display:grid;grid-template-columns:minmax(0,1fr);gap:2.6rem 3rem}
.upper>*,.lower>*{min-width:0}
.lower:empty{display:none}
.more{margin-top:2.6rem}
#body section>h2{margin-bottom:.7rem}
.headline{padding-top:1.2rem}
.eyebrow{color:var(--soft);font-size:1.02rem;margin-bottom:.3rem}
.eyebrow b{color:var(--ink)}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,3rem);font-weight:720;letter-spacing:-.022em;line-height:1.12}
h1 .in-phase{color:var(--accent)}
h1 .in-phase::after{content:":";color:var(--soft);font-weight:400}
.ask h1 .state{color:var(--ask)}
.bad h1 .state{color:var(--bad)}
.good h1 .state{color:var(--good)}
.lead{margin-top:.6rem;font-size:1.08rem;color:var(--soft)}
.lead b,.lead code{color:var(--ink);font-weight:600}
.marks{display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;margin-top:.9rem;align-items:center}
.mark{display:inline-flex;align-items:center;gap:.5rem;border:1.5px solid currentColor;border-radius:1.2rem;padding:.2rem .9rem .2rem .6rem;font-weight:600}
.mark.before{color:var(--good)}
.mark.past{color:var(--bad)}
.mark.back{color:var(--ask)}
.progress{margin-top:1.2rem;max-width:46rem}
.progress p{margin-bottom:.35rem}
.share,.bar{display:block;width:100%;overflow:hidden}
.share{height:.6rem;border-radius:.3rem}
.share .rest,.life .rest{fill:var(--line)}
.share .part{fill:var(--accent)}
.waits{padding:0 0 0 1.2rem;border-inline-start:4px solid var(--line)}
.waits.loud{background:var(--ask-ground);border-inline-start:.5rem solid var(--ask-line);border-radius:.3rem;padding:1.3rem 1.5rem 1.4rem}
.waits.loud h2{font-size:clamp(1.2rem,1rem + .8vw,1.6rem);display:flex;gap:.6rem;align-items:flex-start}
.waits.loud h2 .icon{color:var(--ask);margin-top:.05em}
.todo{font-size:1.1rem}
.loud .todo{font-weight:600;font-size:1.18rem}
.command{margin:.8rem 0 0;padding:.65rem .9rem;background:var(--ground);border:1px solid var(--line);border-radius:.35rem;white-space:pre-wrap;user-select:all}
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2.2rem;margin-top:.9rem}
.facts div{min-width:0}
.facts dt,.figures dt{color:var(--soft);font-size:.85rem}
.waits .items{margin-top:.8rem}
.waits h3{margin-top:1.1rem}
.items li{padding:.45rem 0;border-top:1px solid var(--line)}
.items li:first-child{border-top:0}
.loud .items li{border-color:color-mix(in srgb,var(--ask-line) 35%,transparent)}
.others{margin-top:.3rem}
.others>li{padding:.3rem 0}
.others ul{padding-inline-start:1rem}
.alerts{background:var(--bad-ground);border-inline-start:.5rem solid var(--bad);border-radius:.3rem;padding:1.1rem 1.5rem}
.alerts h2,.problems h2{color:var(--bad);display:flex;gap:.5rem;align-items:center}
.alerts li+li{margin-top:.6rem}
.when{color:var(--soft)}
.when strong{color:var(--bad)}
.reason{font-weight:650}
.hint{display:block;color:var(--soft)}
.track{display:flex;flex-direction:column}
.track li{position:relative;display:grid;grid-template-columns:1.7rem 1fr auto;gap:0 .7rem;align-items:baseline;padding:.42rem 0}
.track .icon{width:1.25rem;height:1.25rem;align-self:center;background:var(--ground);position:relative;z-index:1;border-radius:50%}
.track li::before{content:"";position:absolute;inset-inline-start:.56rem;top:0;bottom:0;width:2px;background:var(--line)}
.track li:first-child::before{top:50%}
.track li:last-child::before{bottom:50%}
.track li.done::before,.track li.no-return.past::before{background:var(--good)}
.track .is{grid-column:2;font-size:.85rem;color:var(--soft)}
.track .took{grid-column:3;grid-row:1;color:var(--soft);text-align:end}
.track .name{font-weight:550}
.track .predicted{font-size:.85rem}
.track .done .is,.track .pending .is{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.track .done .icon{color:var(--good)}
.track .running .icon,.track .running .name{color:var(--accent)}
.track .running .name,.track .waiting .name{font-weight:720}
.track .waiting .icon,.track .waiting .name,.track .waiting .is{color:var(--ask)}
.track .aborted .icon,.track .aborted .is{color:var(--bad)}
.track .pending{color:var(--soft)}
.track .no-return .name{font-size:.85rem;font-weight:500}
.track .no-return .icon{border-radius:0}
.track .no-return.ahead{color:var(--soft)}
.track .no-return.past,.track .no-return.past .is{color:var(--bad)}
.figures{display:flex;flex-wrap:wrap;gap:.8rem 3rem}
.figures div{display:flex;flex-direction:column-reverse}
.figures dd{font-size:1.7rem;font-weight:650;letter-spacing:-.01em;line-height:1.2}
.figures .bad dd{color:var(--bad)}
.figures .good dd{color:var(--good)}
.figures .icon{margin-inline-end:.4rem;width:.8em;height:.8em;vertical-align:-.05em}
.coming li{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:0 1rem;padding:.45rem 0;border-top:1px solid var(--line)}
.coming li:first-child{border-top:0}
.coming .at{grid-column:2;grid-row:2;color:var(--soft);font-size:.9rem}
.coming b{grid-row:1/3}
.watch{margin-top:.8rem;color:var(--soft);font-size:.95rem}
.watch p+p{margin-top:.4rem}
.outcome{font-size:1.08rem}
.outcome .icon{margin-inline-end:.5rem}
.outcome.completed .icon{color:var(--good)}
.outcome.aborted .icon{color:var(--bad)}
.report .note{margin-top:.8rem}
`;
