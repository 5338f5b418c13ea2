/** Opens a report in headless Chromium and tells what a reader of it sees. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, type TestContext } from 'vitest';
import { writeReport } from '../../bench/report/index.ts';
import type { Results } from '../../bench/results.ts';
import { demandProgram } from '../harness/mounts.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const FACTS = fileURLToPath(new URL('../fixtures/report-facts.js', import.meta.url));

export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** In CSS pixels of the window. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface FigureFacts {
  readonly title: string;
  /** How many drawings are shown. The rest is about the first of them. */
  readonly svgs: number;
  readonly name: string;
  readonly box: Box;
  readonly marks: readonly (Box & { readonly contrast: number })[];
  readonly whiskers: readonly Box[];
  readonly texts: readonly (Box & { readonly text: string })[];
}

/** What test/fixtures/report-facts.js finds. */
interface PageFacts {
  readonly title: string;
  readonly text: string;
  readonly viewportWidth: number;
  readonly scrollWidth: number;
  readonly background: string;
  /** Elements that could run or load something. */
  readonly active: number;
  /** Rows of cells of each table, its head included. */
  readonly tables: readonly (readonly (readonly string[])[])[];
  /** The answers in a sentence. */
  readonly findings: readonly string[];
  /** How many tables have their rows folded below their labels. */
  readonly folded: number;
  /** Elements of which something lies outside of their box or of the window. */
  readonly cut: readonly string[];
  /** Labels of the rows that have more than one line, of the tables that are not folded. */
  readonly tall: readonly string[];
  readonly figures: readonly FigureFacts[];
  /** Texts with too little contrast to what is behind them. */
  readonly faint: readonly string[];
}

export interface Seen extends PageFacts {
  readonly source: string;
  /** Addresses that the page asked for, its own included. */
  readonly requests: readonly string[];
  readonly address: string;
  /** Errors and warnings of the console, dialogs, exceptions. */
  readonly troubles: readonly string[];
}

let launched: Promise<Browser> | undefined;
afterAll(async () => (await launched)?.close());

function browser(): Promise<Browser> {
  launched ??= chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  return launched;
}

export async function see(
  context: Pick<TestContext, 'skip'>,
  results: Results,
  { width, scheme }: Look = { width: 1280, scheme: 'light' },
): Promise<Seen> {
  demandProgram(context, 'chromium');
  const folder = temporaryDirectory();
  writeReport(results, folder);
  const file = path.join(folder, 'report.html');
  const address = pathToFileURL(file).href;
  const page = await (await browser()).newPage({
    viewport: { width, height: 900 },
    colorScheme: scheme,
  });
  const requests: string[] = [];
  const troubles: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(address);
  const facts: PageFacts = await page.evaluate(fs.readFileSync(FACTS, 'utf8'));
  await page.close();
  return { ...facts, source: fs.readFileSync(file, 'utf8'), requests, address, troubles };
}

/** Pairs of texts that lie on each other. */
export function overlaps(texts: readonly (Box & { readonly text: string })[]): string[] {
  return texts.flatMap((a, index) =>
    texts
      .slice(index + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `${a.text} / ${b.text}`),
  );
}
