/** The report as one page that needs nothing from outside and no script. */
import { bytes, counted } from '../../src/units.ts';
import type { Answer, CorpusFacts, Machine, Results, Spread } from '../results.ts';
import { html, type Markup, trusted } from './html.ts';
import { type Section, sectionsOf } from './section.ts';
import { STYLE } from './style.ts';

export function toPage(results: Results): string {
  const sections = sectionsOf(results.answers);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>ingot benchmarks</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>ingot benchmarks</h1>
<p>${guide(results.answers)}</p>
${factsMarkup(results)}
${sections.length > 1 ? contents(sections) : undefined}
</header>
<main>
${sections.map(({ markup }) => markup)}</main>
</body>
</html>
`;
  return page.text;
}

/** What bars and lines show. Of single runs there are no ranges. */
function guide(answers: readonly Answer[]): string {
  const rows = answers.flatMap((answer) => answer.rows);
  const hasRanges = rows.some(({ seconds, ratio }) => [seconds, ratio].some(isRange));
  if (!hasRanges) return 'Bars and points show a single run each.';
  return 'Bars and points show the median run, thin lines reach from the fastest run to the slowest. † marks a range of more than 20 % of the median: the machine was busy, and the number is to be taken with care.';
}

function isRange(spread: Spread | undefined): boolean {
  return spread !== undefined && spread.runs > 1;
}

function factsMarkup({ machine, corpus, begunAt }: Results): Markup {
  const facts = [
    ['Machine', machineText(machine)],
    ['Disk', machine.disk],
    ['Corpus', corpusText(corpus)],
    ['Page cache', pageCacheText(machine)],
    ['Versions', `ingot ${machine.ingot}, Node ${machine.node}, ${machine.kernel}`],
    ['Begun', html`<time datetime="${begunAt}">${dateText(begunAt)}</time>`],
  ];
  return html`<dl>${facts.map(([name, fact]) => html`<div><dt>${name}</dt><dd>${fact}</dd></div>`)}</dl>`;
}

function machineText({ cpu, cpus, memoryBytes }: Machine): string {
  return `${cpu}, ${counted(cpus, 'processor')}, ${bytes(memoryBytes)} of memory`;
}

function corpusText({
  name,
  files,
  bytes: size,
  distinctFiles,
  distinctBytes,
}: CorpusFacts): string {
  const distinct = [
    distinctFiles === undefined ? undefined : counted(distinctFiles, 'distinct content'),
    distinctBytes === undefined ? undefined : bytes(distinctBytes),
  ].filter((part) => part !== undefined);
  return [`${name}: ${counted(files, 'file')}, ${bytes(size)}`, ...distinct].join(', ');
}

function pageCacheText({ pageCache }: Machine): string {
  return pageCache === 'warm' ? 'warm: the tree was read before' : 'cold: dropped before each run';
}

function dateText(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function contents(sections: readonly Section[]): Markup {
  const items = sections.map(({ id, asks }) => html`<li><a href="#${id}">${asks}</a></li>`);
  return html`<nav aria-label="Questions"><ol>${items}</ol></nav>`;
}
