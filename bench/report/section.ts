/** One question of the report: its answer, how it was measured, the charts, the numbers, and what is missing. */
import type { Answer, Row } from '../results.ts';
import { type Figure, figuresOf, phaseFigure } from './figures.ts';
import { html, type Markup } from './html.ts';
import { nameOf } from './parameters.ts';
import { toPhaseRow } from './shares.ts';
import { phaseTable, rowTable } from './table.ts';

/** Questions that hold ingot against the same reference program: they share a section. */
const LIMIT = ['cold', 'duplicates', 'large', 'verify'];
const LIMIT_ASKS = 'How close is ingot to the least work that can be done, in C?';

export interface Section {
  /** An anchor, unique in the page. */
  readonly id: string;
  readonly asks: string;
  readonly markup: Markup;
}

/** In the order in which the questions were asked. */
export function sectionsOf(answers: readonly Answer[]): Section[] {
  return merged(answers).map((answer, index) => {
    const id = `question-${index + 1}`;
    return { id, asks: answer.asks, markup: sectionMarkup(id, answer) };
  });
}

/** An answer; of several questions with sentences of each, which name what it asked. */
type Part = Omit<Answer, 'finding' | 'method'> & {
  readonly findings: readonly string[];
  readonly methods: readonly string[];
};

function merged(answers: readonly Answer[]): Part[] {
  const limits = answers.filter(({ question }) => LIMIT.includes(question));
  return answers.flatMap((answer) => {
    const { finding, method } = answer;
    if (!limits.includes(answer)) return [{ ...answer, findings: [finding], methods: [method] }];
    return answer === limits[0] ? [limitPart(limits)] : [];
  });
}

function limitPart(answers: readonly Answer[]): Part {
  return {
    question: 'limit',
    asks: LIMIT_ASKS,
    findings: answers.map(({ question, finding }) => `${question}: ${finding}`),
    methods: answers.map(({ question, asks, method }) => `${question}: ${asks} ${method}`),
    rows: answers.flatMap(({ question, rows }) =>
      rows.map(({ ratio, ...row }) => ({
        ...row,
        label: `${question}: ${row.label}`,
        ...(ratio && { ratio: { ...ratio, to: `${question}: ${ratio.to}` } }),
      })),
    ),
  };
}

function sectionMarkup(id: string, { question, asks, findings, methods, rows }: Part): Markup {
  const measured = rows.filter(({ absent }) => absent === undefined);
  const phases = measured.flatMap((row) => toPhaseRow(row) ?? []);
  return html`<section id="${id}" aria-labelledby="${id}-asks">
<h2 id="${id}-asks">${asks}</h2>
${findings.map((finding) => html`<p class="finding">${finding}</p>`)}
${methods.map((method) => html`<p class="method">${method}</p>`)}
${figuresOf(question, measured).map(figureMarkup)}
${measured.length > 0 ? rowTable(asks, measured) : undefined}
${phases.length > 0 ? [figureMarkup(phaseFigure(phases)), phaseTable('Phases', phases)] : undefined}
${listOf('What each keeps besides contents', rows, ({ keeps }) => keeps)}
${listOf('Without figures', rows, ({ absent }) => absent)}
${listOf('Versions and settings', rows, ({ settings }) => settings)}
</section>
`;
}

function figureMarkup({ title, drawing }: Figure): Markup {
  return html`<figure><figcaption>${title}</figcaption>${drawing}</figure>`;
}

/** What the rows say in words, each once. Nothing when none says anything. */
function listOf(
  heading: string,
  rows: readonly Row[],
  of: (row: Row) => string | undefined,
): Markup | undefined {
  const items = new Map<string, Markup>();
  for (const row of rows) {
    const said = of(row);
    const name = nameOf(row);
    if (said !== undefined) items.set(`${name}\0${said}`, html`<li><b>${name}</b>: ${said}</li>`);
  }
  if (items.size === 0) return undefined;
  return html`<h3>${heading}</h3><ul class="words">${[...items.values()]}</ul>`;
}
