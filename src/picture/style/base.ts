/** Colours of both schemes, type, and what is the same everywhere. Contrast of text is 4.5 or more in both. */
export const BASE_STYLE = `
:root{color-scheme:light dark;
--ground:#fff;--panel:#f3f5f8;--ink:#14181e;--soft:#535c68;--line:#d3d9e1;--accent:#1c5db8;
--old:#c98510;--new:#1f66bd;--other:#c43a80;--unknown:#b4bcc7;--pattern:#fff;--dot:#5d6672;--cut:#fff;
--ask:#8a5200;--ask-ground:#fff3d6;--ask-line:#e39a16;--bad:#a8231b;--bad-ground:#fdecea;--good:#166a38}
@media (prefers-color-scheme:dark){:root{
--ground:#0f1318;--panel:#181e26;--ink:#e9edf2;--soft:#a5afbc;--line:#2d3642;--accent:#82b4ff;
--old:#d29a38;--new:#4d94f2;--other:#f078b4;--unknown:#5f6a79;--pattern:#0f1318;--dot:#c4ccd6;--cut:#0f1318;
--ask:#ffcb66;--ask-ground:#2f2409;--ask-line:#e3a02b;--bad:#ff9b92;--bad-ground:#351614;--good:#79d69a}}
*,*::before,*::after{box-sizing:border-box}
html{font-size:clamp(100%,.5rem + .5vw,200%);-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Cantarell,Ubuntu,"DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em}
code,td,th,li,dd,p,.ns,.cn{unicode-bidi:isolate}
h1,h2,h3,p,ul,ol,dl,dd,figure,pre{margin:0;padding:0}
ul,ol{list-style:none}
h1,h2,h3{line-height:1.2;text-wrap:balance}
h2{font-size:1.15rem;font-weight:650;letter-spacing:-.005em}
h3{font-size:1rem;font-weight:600}
b,strong{font-weight:650}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;font-weight:inherit}
.number{text-align:end}
thead th{white-space:nowrap;color:var(--soft);font-size:.85rem;font-weight:500}
summary{cursor:pointer;color:var(--accent);width:fit-content;padding:.25rem 0}
summary:hover{text-decoration:underline}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:3px}
main:focus{outline:none}
.sr{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;inset-inline-start:1rem;top:-10rem;padding:.5rem 1rem;background:var(--ink);color:var(--ground);z-index:2;border-radius:0 0 .4rem .4rem}
.skip:focus{top:0}
.definitions{position:absolute;font-size:1rem}
.icon{width:1.2em;height:1.2em;flex:none;vertical-align:-.22em}
.solid{fill:currentColor}
.line{fill:none;stroke:currentColor;stroke-width:2.6}
.cut{fill:none;stroke:var(--cut);stroke-width:2.6;stroke-linecap:round;stroke-linejoin:round}
.note,.empty{color:var(--soft)}
.note{font-size:.92rem}
.empty{padding:1.1rem 0}
.top,main,.source{max-width:min(100% - 2.5rem,82rem);margin-inline:auto}
.top{display:flex;flex-wrap:wrap;gap:.2rem 1.5rem;justify-content:space-between;align-items:baseline;padding:1rem 0 .8rem;color:var(--soft);font-size:.92rem}
.brand b{color:var(--ink);letter-spacing:-.01em}
.source{padding:1.2rem 0 2rem;margin-top:3rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
.connection::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;border:2px solid currentColor;margin-inline-end:.5em}
.connection[data-state=live]{color:var(--good)}
.connection[data-state=live]::before{background:currentColor}
.connection[data-state=lost],.connection.lost{color:var(--bad);font-weight:650}
`;
