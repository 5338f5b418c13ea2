import fs from 'node:fs';
import path from 'node:path';
import { isMissingProgram } from '../../src/programs.ts';
import { type Command, runChecked } from '../children.ts';
import type { Corpus } from '../corpus/corpora.ts';
import type { CorpusDescription } from '../corpus/description.ts';
import { ingestCommand } from '../ingot.ts';
import { limitProgram } from '../limit.ts';
import type { Context, Question } from '../question.ts';
import { figure } from '../report/numbers.ts';
import { grouped } from '../report/parameters.ts';
import type { Row } from '../results.ts';
import { inodesFor, roomFor } from '../room.ts';
import { callsAFile, parseCounts, type SyscallCounts } from '../syscall-counts.ts';

const [FEW, MANY] = ([2_000, 6_000] as const).map(traced) as [CorpusDescription, CorpusDescription];

/** What is counted: a program's system calls for the tree, the store as the run before left it. */
type MakeCommand = (context: Context) => Command;

export const SYSCALLS: Question = {
  name: 'syscalls',
  asks: 'How many system calls does a small file cost, new and as a duplicate?',
  method:
    'strace -c -f; the difference between a run with 6,000 and one with 2,000 files of about 4 KiB, ÷ 4,000, so that start and end of the program do not count',
  room: ({ corpora }) => roomFor(corpora.facts(MANY)),
  inodes: ({ corpora }) => inodesFor(2 * corpora.facts(MANY).files),
  corpora: () => [FEW, MANY],
  finding(rows) {
    const programs = grouped(rows, ({ parameters }) => `${parameters.program}`);
    const each = programs.flatMap(([program, counted]) => {
      const [added, duplicate] = counted.map(({ figures }) => figures?.callsAFile);
      if (added === undefined || duplicate === undefined) return [];
      return `${program} ${figure(added)} for a new file and ${figure(duplicate)} for a duplicate`;
    });
    return each.length === 0 ? undefined : `System calls: ${each.join('; ')}.`;
  },
  async *run(context) {
    const ingot: MakeCommand = (given) => ingestCommand(given, given.tree);
    yield* rowsOf(context, 'ingot', ingot);
    const program = await limitProgram(context);
    for (const mode of ['none', 'tmpfile', 'syncfs']) {
      const label = `limit.c ${mode}`;
      if ('lack' in program) yield { label, parameters: {}, absent: program.lack };
      else yield* rowsOf(context, label, limitCommand(program.path, mode));
    }
  },
};

function limitCommand(program: string, mode: string): MakeCommand {
  return ({ tree, arena, threads }) => {
    const store = path.join(arena.path, 'limit');
    return [program, tree, store, mode, `${threads}`, '256'];
  };
}

/** The same tree twice: its files are new, then duplicates. */
async function* rowsOf(context: Context, label: string, make: MakeCommand): AsyncGenerator<Row> {
  const few = await countTwice(context, await context.corpora.make(FEW), make);
  const many = await countTwice(context, await context.corpora.make(MANY), make);
  for (const [index, files] of ['new', 'duplicate'].entries()) {
    const head = { label: `${label}, ${files}`, parameters: { program: label, files } };
    const [less, more] = [few[index]!, many[index]!];
    if ('lack' in less || 'lack' in more) yield { ...head, absent: 'strace is not installed' };
    else yield { ...head, figures: callsAFile(less, more) };
  }
}

type Counted = SyscallCounts | { readonly lack: true };

async function countTwice(given: Context, corpus: Corpus, make: MakeCommand): Promise<Counted[]> {
  given.arena.renew();
  const command = make({ ...given, tree: corpus.tree });
  return [
    await countCalls(given, command, corpus.facts.files),
    await countCalls(given, command, corpus.facts.files),
  ];
}

async function countCalls({ arena }: Context, command: Command, files: number): Promise<Counted> {
  const log = path.join(arena.path, 'strace');
  try {
    await runChecked(['strace', '-c', '-f', '-o', log, ...command]);
  } catch (error) {
    if (!isMissingProgram(error, 'strace')) throw error;
    return { lack: true };
  }
  return { files, calls: parseCounts(fs.readFileSync(log, 'utf8')) };
}

function traced(files: number): CorpusDescription {
  return {
    name: `traced-${files}`,
    files,
    size: { kind: 'uniform', min: 2048, max: 6144 },
    duplicateShare: 0,
    folders: { files: 100, depth: 1, fanOut: 60 },
  };
}
