import { BREAKPOINTS } from './grid.ts';

/**
 * The page's style sheet. The colours of marks keep a contrast of 3 to the page in both schemes, and
 * the phases differ from each other with any kind of colour blindness.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff;
  --panel: #f6f7f9;
  --rule: #dfe3e8;
  --ink: #1b2128;
  --quiet: #57606a;
  --link: #0b5cad;
  --ours: #2f75b5;
  --other: #868d97;
  --series-1: #2f75b5;
  --series-2: #b35900;
  --series-3: #127685;
  --series-4: #582c46;
  --walk: #8e929a;
  --read: #004490;
  --hash: #da7a00;
  --write: #127685;
  --barrier: #582c46;
  --publish: #0e95ff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16191f;
    --panel: #1f242c;
    --rule: #353c47;
    --ink: #e8ebef;
    --quiet: #a3adb8;
    --link: #7cb7f5;
    --ours: #5b9fe0;
    --other: #7a828d;
    --series-1: #5b9fe0;
    --series-2: #f0a04b;
    --series-3: #5fc4b0;
    --series-4: #d59bff;
    --walk: #676b73;
    --read: #51d3ed;
    --hash: #f7ca2a;
    --write: #5aa48c;
    --barrier: #c244ff;
    --publish: #ffffc6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto;
  padding: 40px 24px 64px;
  max-width: 1280px;
  background: var(--page);
  color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0 0 8px; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 6px; font-size: 21px; line-height: 1.3; }
h3 { margin: 20px 0 4px; font-size: 14px; }
p { margin: 0 0 12px; max-width: 70ch; }
a { color: var(--link); }
header p, .method, .note { color: var(--quiet); font-size: 14px; }
dl { margin: 20px 0; max-width: 840px; padding: 14px 18px; background: var(--panel); border-radius: 8px; font-size: 14px; }
dl div { display: flex; gap: 4px 16px; padding: 3px 0; }
dt { flex: 0 0 92px; color: var(--quiet); }
dd { margin: 0; min-width: 0; }
nav ol { margin: 0; padding-left: 28px; font-size: 14px; }
section { margin-top: 48px; padding-top: 28px; border-top: 1px solid var(--rule); }
figure { margin: 22px 0 12px; }
figcaption { margin-bottom: 8px; font-size: 15px; font-weight: 600; }
.chart { max-width: 840px; }
.chart svg { display: block; width: 100%; height: auto; color: var(--quiet); font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.key { width: 12px; height: 12px; border-radius: 2px; }
.walk { background: var(--walk); }
.read { background: var(--read); }
.hash { background: var(--hash); }
.write { background: var(--write); }
.barrier { background: var(--barrier); }
.publish { background: var(--publish); }
.series-1 { color: var(--series-1); }
.series-2 { color: var(--series-2); }
.series-3 { color: var(--series-3); }
.series-4 { color: var(--series-4); }
.finding { font-size: 17px; }
.scroll { overflow-x: auto; container-type: inline-size; margin: 0 0 8px; }
table { min-width: min(100%, 840px); border: 1px solid var(--rule); border-spacing: 0; border-radius: 8px; font-size: 13px; line-height: 1.4; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.note { margin-bottom: 4px; }
th, td { padding: 6px 8px; text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 500; background: var(--panel); vertical-align: bottom; }
thead td { background: var(--panel); }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tbody th { min-width: var(--label); max-width: 400px; font-weight: 500; overflow-wrap: anywhere; }
tbody td { white-space: nowrap; }
.number { text-align: right; }
.words { margin: 0; padding-left: 20px; font-size: 14px; }
@media (max-width: 700px) {
  body { padding: 24px 16px 48px; }
  h1 { font-size: 26px; }
  h2 { font-size: 19px; }
  .wide { display: none; }
  .narrow { display: block; max-width: 480px; }
  dl div { flex-direction: column; gap: 0; padding: 5px 0; }
  dt { flex: none; font-size: 12px; }
}
${folded('.folded')}
${BREAKPOINTS.map((from) => `@container (width < ${from}px) {${folded(`.from-${from}`)}}`).join('\n')}
`;

/** Each row as its label, and below it the cells that are filled, each below its head. */
function folded(table: string): string {
  return `
${table}, ${table} tbody { display: block; }
${table} thead, ${table} td:empty { display: none; }
${table} tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--tile)), 1fr)); gap: 6px 12px; padding: 10px 12px; }
${table} tr + tr { border-top: 1px solid var(--rule); }
${table} tr > * { padding: 0; border: 0; min-width: 0; max-width: none; text-align: left; white-space: normal; overflow-wrap: anywhere; }
${table} th { grid-column: 1 / -1; }
${table} td::before { content: attr(data-head); display: block; color: var(--quiet); font-size: 12px; }
`;
}
