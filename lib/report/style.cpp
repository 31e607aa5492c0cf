#include "report/markup.h"

namespace kaisar::report {
namespace {

// Colours are the same in light and dark but for their lightness; text keeps a contrast of at least 4.5 to 1.
constexpr std::string_view sheet = R"css(
:root{color-scheme:light dark;--paper:#fbfaf7;--sheet:#fff;--ink:#1d1b18;--soft:#635e56;--rule:#dedad2;--grid:#ebe8e1;
--s8:#b4441c;--bf16:#8a5a00;--f32:#1f5fae;--f64:#6a3fa0;--memory:#2c7357;--other:#5a5f66;--good:#24703f;--bad:#b3261e;
--warn:#8a5a00;--band:#1d1b1814}
@media (prefers-color-scheme:dark){:root{--paper:#14161a;--sheet:#1b1e24;--ink:#ecebe7;--soft:#a5a29a;--rule:#343942;
--grid:#272b33;--s8:#f28a5f;--bf16:#e0b04a;--f32:#7db3f5;--f64:#bf9bef;--memory:#6fc7a3;--other:#aab2bd;--good:#78cc93;
--bad:#ff8a80;--warn:#e0b04a;--band:#ecebe71f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main,header,footer{max-width:74rem;margin:0 auto;padding:0 clamp(1rem,4vw,3rem)}
header{padding-top:clamp(2rem,6vw,4.5rem)}
h1,h2,.lead b{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Charter,"Bitstream Charter","DejaVu Serif",Georgia,serif;font-weight:600}
h1{font-size:clamp(1.9rem,4.6vw,3.1rem);line-height:1.12;letter-spacing:-.015em;margin:.2em 0 .35em;max-width:24ch;text-wrap:balance}
h2{font-size:1.5rem;letter-spacing:-.01em;margin:0 0 .2em}
h3{font-size:.95rem;margin:0;font-weight:600}
p{margin:.3em 0 1em;max-width:66ch}
.over{text-transform:uppercase;letter-spacing:.12em;font-size:.75rem;color:var(--soft);margin:0}
.lead{font-size:1.12rem;color:var(--soft);max-width:60ch}
.heroes{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:0 2rem;margin:2rem 0 0;padding:0}
.heroes div{border-top:2px solid currentColor;padding:.7rem 0 1rem}
.heroes dt{font-size:.82rem;color:var(--soft)}
.heroes dd{margin:0;font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;white-space:nowrap;color:var(--ink)}
section{margin:0 0 clamp(2.5rem,6vw,4.5rem);padding-top:1.6rem;border-top:1px solid var(--rule)}
section>p{color:var(--soft)}
svg{display:block;width:100%;height:auto;font-family:inherit;font-variant-numeric:tabular-nums}
.narrow{display:none}
@media (max-width:46rem){.wide{display:none}.narrow{display:block}}
.grid{stroke:var(--grid)}
.tick,.axis{fill:var(--soft);font-size:12px}
.roofline .tick,.roofline .axis{font-size:12.5px}
.reach{fill:var(--band);opacity:.45}
.gap{fill:none;stroke:currentColor;stroke-dasharray:1 3;stroke-width:1.5}
.roof{fill:none;stroke:currentColor;stroke-width:2}
.roof.lesser{stroke-width:1;opacity:.45;stroke-dasharray:2 4}
.roof-label{fill:currentColor;font-size:12.5px}
.point circle{fill:currentColor;stroke:var(--paper);stroke-width:2}
.point text{fill:var(--ink);font-size:12.5px;font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.staircase .line{fill:none;stroke:currentColor;stroke-width:1.5;opacity:.6}
.staircase .tick,.staircase .axis,.level{font-size:12.5px}
.tread{stroke:currentColor;stroke-width:7;opacity:.18;stroke-linecap:round}
.level{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.s8{color:var(--s8)}.bf16{color:var(--bf16)}.f32{color:var(--f32)}.f64{color:var(--f64)}.memory{color:var(--memory)}.other{color:var(--other)}
.bars{list-style:none;margin:1.2rem 0 2rem;padding:0}
.bars li{display:grid;grid-template-columns:13rem 1fr 4.6rem 7rem;gap:0 1rem;align-items:center;padding:.32rem 0}
.name,.rate,.part{color:var(--ink)}
.variant,.spread{color:var(--soft);font-weight:400}
.variant{font-size:.85rem}
.part{text-align:right;font-weight:600}
.rate{text-align:right;color:var(--soft);white-space:nowrap}
.track{position:relative;height:.95rem;background:var(--grid);border-radius:2px}
.fill{position:absolute;inset:0 auto 0 0;background:currentColor;border-radius:2px}
.whisker{position:absolute;top:50%;height:3px;margin-top:-1.5px;min-width:3px;background:var(--ink)}
@media (max-width:46rem){.bars li{grid-template-columns:1fr auto auto}.track{grid-column:1/-1;grid-row:2}}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:1.2rem;margin-top:1.2rem}
.card{background:var(--sheet);border:1px solid var(--rule);border-top:3px solid currentColor;border-radius:3px;padding:.8rem 1rem .7rem}
.card h3,.card .figure{color:var(--ink)}
.card .figure{font-size:1.35rem;letter-spacing:-.01em;margin:.05em 0 .45em}
.card .spread{font-size:.95rem}
.card .tick{font-size:11.5px}
.interval{fill:var(--band)}
.median{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.dots{fill:none;stroke:currentColor;stroke-width:4.4;stroke-linecap:round;opacity:.8}
.beyond{fill:none;stroke:currentColor;stroke-width:1.4}
.bin{fill:currentColor;opacity:.75}
.marks{margin:.5em 0 0;font-size:.82rem}
.mark{margin-right:.9em}.mark::before{content:"";display:inline-block;width:.55em;height:.55em;border-radius:50%;background:currentColor;margin-right:.45em}
.condition{color:var(--soft);margin-right:.9em;white-space:nowrap}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.scroll{overflow-x:auto;margin:1.2rem 0}
.scroll:focus-visible{outline:2px solid var(--f32);outline-offset:2px}
table{border-collapse:collapse;font-size:.88rem;width:100%}
caption{text-align:left;color:var(--soft);padding-bottom:.5rem}
th,td{padding:.42rem .9rem .42rem 0;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
thead th{color:var(--soft);font-weight:500;border-bottom:1px solid var(--rule);vertical-align:bottom}
th:first-child,td:nth-child(2){text-align:left}
tbody th{font-weight:600}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:0 2.5rem;margin:1rem 0}
.facts div{display:flex;gap:1rem;justify-content:space-between;border-bottom:1px solid var(--grid);padding:.45rem 0}
.facts dt{color:var(--soft)}.facts dd{margin:0;text-align:right}
figure{margin:1.4rem 0}
figure img{width:100%;height:auto;display:block;border-radius:3px}
figcaption{color:var(--soft);font-size:.9rem;padding-top:.5rem}
.waived{color:var(--soft);font-size:.9rem;columns:2 22rem;column-gap:3rem;padding-left:1.1rem}
footer{color:var(--soft);font-size:.85rem;padding-bottom:3rem}
@media print{body{background:#fff}.card{break-inside:avoid}section{break-inside:avoid-page}}
)css";

} // namespace

std::string_view style() { return sheet; }

} // namespace kaisar::report
