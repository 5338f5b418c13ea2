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
  max-width: 888px;
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
header p, .method { color: var(--quiet); font-size: 14px; }
dl { margin: 20px 0; padding: 14px 18px; background: var(--panel); border-radius: 8px; font-size: 14px; }
dl div { display: flex; gap: 4px 16px; padding: 3px 0; }
dt { flex: 0 0 92px; color: var(--quiet); }
dd { margin: 0; min-width: 0; }
nav ol { margin: 0; padding-left: 22px; font-size: 14px; }
section { margin-top: 48px; padding-top: 28px; border-top: 1px solid var(--rule); }
figure { margin: 22px 0 12px; }
figcaption { margin-bottom: 8px; font-size: 15px; font-weight: 600; }
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
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: 8px; overflow-wrap: normal; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 500; background: var(--panel); vertical-align: bottom; }
thead td { background: var(--panel); }
tbody tr + tr { border-top: 1px solid var(--rule); }
tbody th { min-width: 150px; max-width: 260px; font-weight: 500; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; min-width: 76px; }
.text { min-width: 110px; }
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
`;
