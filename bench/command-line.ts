/** `npm run bench -- …`: what was asked for. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseThreads } from '../src/cli/options.ts';
import { UsageError } from '../src/errors.ts';
import { CORPORA } from './corpus/description.ts';
import { PEERS } from './peers/index.ts';
import type { Question } from './question.ts';
import { ON_REQUEST, QUESTIONS } from './questions/index.ts';

export interface Settings {
  readonly questions: readonly Question[];
  /** A user's own tree; else the corpus of this name. */
  readonly tree?: string;
  readonly corpus: string;
  readonly scale: number;
  readonly seed: number;
  readonly rounds: number;
  readonly threads: number;
  /** Measure below this folder instead of on a quiet disk. */
  readonly on?: string;
  /** Make the trees below this folder. */
  readonly corpora?: string;
  /** The tools to compare with, by name; undefined for all. */
  readonly peers?: readonly string[];
  readonly cold: boolean;
  readonly huge: boolean;
}

const DEFAULT_CORPUS = 'source';
const ALL = [...QUESTIONS, ...ON_REQUEST];

/** Undefined when only the help was asked for. Throws a UsageError, one line, when it is wrong. */
export function parseCommandLine(args: readonly string[]): Settings | undefined {
  const command = buildCommand();
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw usage(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '));
  }
  const flags = command.opts<Omit<Settings, 'questions'>>();
  const names = command.args;
  return { ...flags, questions: names.length === 0 ? QUESTIONS : names.map(questionOf) };
}

function buildCommand(): Command {
  const more = ON_REQUEST.map(({ name }) => name).join(', ');
  return new Command('npm run bench --')
    .description('Measures ingot; prints tables and writes bench-report/')
    .argument('[question...]', `${names(ALL)}; default: all but ${more}`)
    .addOption(new Option('--tree <dir>', 'ingest this tree').conflicts('corpus'))
    .addOption(
      new Option('--corpus <name>', 'ingest a tree that is made from the seed')
        .choices(Object.keys(CORPORA))
        .default(DEFAULT_CORPUS),
    )
    .option('--scale <factor>', 'make all trees larger or smaller', parseFactor, 1)
    .option('--seed <n>', 'of the trees', parseNatural, 1)
    .option('--rounds <n>', 'counted runs of each command', parsePositive, 3)
    .option('--threads <n>', 'worker threads', parseThreads, Math.min(2, availableParallelism()))
    .option(
      '--on <dir>',
      'measure on the disk of this folder, not on a quiet one in memory',
      toPath,
    )
    .option('--corpora <dir>', 'make the trees below this folder', toPath)
    .option('--peers <names>', 'peers: only these tools, with commas between', parsePeers)
    .option('--cold', 'drop the page cache before each run', false)
    .option('--huge', 'scale: also 10,000,000 files', false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

function questionOf(name: string): Question {
  const question = ALL.find((each) => each.name === name);
  if (question === undefined) throw usage(`no question '${name}'; there are ${names(ALL)}`);
  return question;
}

function names(questions: readonly Question[]): string {
  return questions.map(({ name }) => name).join(', ');
}

function parsePositive(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 9999.');
}

function parseNatural(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 0 to 999999999.');
}

function parsePeers(text: string): string[] {
  const chosen = text.split(',').map((name) => name.trim());
  const known = PEERS.map(({ name }) => name);
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown === undefined) return chosen;
  throw new InvalidArgumentError(`There is no peer '${unknown}'; there are ${known.join(', ')}.`);
}

/** Whole: some peers run in a folder of their own. */
function toPath(text: string): string {
  return path.resolve(text);
}

function parseFactor(text: string): number {
  const factor = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (factor > 0 && factor <= 100) return factor;
  throw new InvalidArgumentError('It is not a number above 0, up to 100.');
}

function usage(why: string): UsageError {
  return new UsageError({ what: 'wrong usage', code: 'INGOT_USAGE', why });
}
