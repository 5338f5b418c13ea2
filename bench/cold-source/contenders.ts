/** What an ingest of files that no cache holds is held against. */
import path from 'node:path';
import { buildProgram } from '../c-program.ts';
import { firstIngest } from '../ingot.ts';
import { limitCandidate } from '../limit.ts';
import type { Contender } from '../method.ts';
import { type Candidate, candidateOf, chosenAmong } from '../peers/candidate.ts';
import { RESTIC } from '../peers/restic.ts';
import { peerContenders } from '../peers/scripts.ts';
import { fresh } from '../prepare.ts';
import type { Context } from '../question.ts';

/** Widths of reading ahead that are set, where ingot chooses one by itself. */
const WIDTHS = [32, 128, 512, 2048];
/** Processes or threads that read at a time: what the disk gives shows at one of these. */
const READERS = [8, 16, 32];
const THREADS = 8;

/** In the order of the rows. */
export async function contenders(context: Context): Promise<Candidate[]> {
  return [
    ...ingests(context),
    ...READERS.map((readers) => catting(context, readers)),
    ...(await Promise.all(READERS.map((readers) => reading(context, readers)))),
    ...(await Promise.all(chosenAmong([RESTIC], context).map((peer) => storing(peer, context)))),
    ...copiers(context),
    await limitCandidate(context, {
      ...{ mode: 'tmpfile', tree: context.tree, batch: 256 },
      prepare: () => fresh(context),
    }),
  ];
}

function ingests(context: Context): Candidate[] {
  const without = ['--read-ahead', '0'];
  return [
    {
      head: { label: 'ingot --read-ahead 0', parameters: { readAhead: 0 } },
      turn: firstIngest(context, without),
    },
    {
      head: {
        label: `ingot --read-ahead 0, ${THREADS} threads`,
        parameters: { readAhead: 0, threads: THREADS },
      },
      turn: firstIngest({ ...context, threads: THREADS }, without),
    },
    ...WIDTHS.map((width) => ({
      head: { label: `ingot --read-ahead ${width}`, parameters: { readAhead: width } },
      turn: firstIngest(context, ['--read-ahead', `${width}`]),
    })),
  ];
}

const FILES = 'find "$1" -type f -print0';
const CAT_ALL = `${FILES} | xargs -0 -r -P "$2" -n 64 cat > /dev/null`;
/** The program is the third. */
const READ_ALL = `${FILES} | "$3" "$2"`;

function catting(context: Context, readers: number): Candidate {
  return {
    head: { label: `xargs -P ${readers} cat`, parameters: { readers, by: 'cat' } },
    turn: shell(context, CAT_ALL, context.tree, `${readers}`),
  };
}

/** A cat is a process, and maps a buffer: where these are slow, they hide what the disk gives. */
async function reading(context: Context, readers: number): Promise<Candidate> {
  const head = {
    label: `C only reading, ${readers} threads`,
    parameters: { readers, by: 'read.c' },
  };
  const program = await buildProgram('cold-source/read.c');
  if ('lack' in program) return { head, lack: program.lack };
  return { head, turn: shell(context, READ_ALL, context.tree, `${readers}`, program.path) };
}

function storing(peer: typeof RESTIC, context: Context): Promise<Candidate> {
  const head = { label: peer.name, parameters: { peer: peer.name } };
  return candidateOf(peer, head, () => peerContenders(peer, context)[0]);
}

function copiers(context: Context): Candidate[] {
  const { tree, arena } = context;
  const copy = path.join(arena.path, 'copy');
  return [
    {
      head: { label: 'rsync', parameters: {} },
      turn: shell(context, 'rsync -a "$1/" "$2/" && sync -f "$2"', tree, copy),
    },
    {
      head: { label: 'cp -r', parameters: {} },
      turn: shell(context, 'cp -rT "$1" "$2" && sync -f "$2"', tree, copy),
    },
  ];
}

function shell(context: Context, script: string, ...args: string[]): Contender {
  return { command: ['sh', '-c', script, 'sh', ...args], prepare: () => fresh(context) };
}
