import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { besideOthers } from '../finding.ts';
import { INGOT, storeIn } from '../ingot.ts';
import { alternate, type Contender, ratioOf, secondsOf } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Question } from '../question.ts';
import { roomFor } from '../room.ts';

/** Runs of some 0.1 s: more of them cost little and calm the median. */
const ROUNDS_FACTOR = 4;

export const PUT: Question = {
  name: 'put',
  asks: 'What does storing one small file cost, beside starting Node at all?',
  method:
    "whole processes in turn, new bytes for each; ratio: ingot's time ÷ Node's, of the two runs of each round",
  room: () => roomFor({ name: 'small', files: 1000, bytes: 0 }),
  inodes: () => 10_000,
  finding: (rows) => besideOthers('ingot put', rows),
  async *run(context) {
    const { arena, rounds } = context;
    arena.renew();
    const file = path.join(arena.path, 'file');
    const put: Contender = {
      command: [...INGOT, 'put', file, '--store', storeIn(context)],
      prepare: () => {
        fs.writeFileSync(file, randomBytes(100));
        dropCachesIfCold(context);
      },
    };
    const node: Contender = {
      command: [process.execPath, '-e', '0'],
      prepare: () => dropCachesIfCold(context),
    };
    const [ours = [], theirs = []] = await alternate([put, node], rounds * ROUNDS_FACTOR);
    yield { label: 'ingot put', parameters: {}, seconds: secondsOf(ours) };
    const label = 'node -e 0';
    const ratio = { ...ratioOf(ours, theirs), to: label };
    yield { label, parameters: {}, seconds: secondsOf(theirs), ratio };
  },
};
