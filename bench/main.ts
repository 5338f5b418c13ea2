/**
 * How close is ingot to the limit? Prints a line a question: our time ÷ that of the least work in C
 * (limit.c) on the same files, whole processes in alternation, fresh file system each run.
 *
 *   npm run bench -- --tree DIR [--rounds 5] [--threads 2] [cold duplicates large put verify memory]
 *
 * Needs root (a loop device), cc with OpenSSL's headers, GNU time, and memory for two copies of DIR.
 */
import { parseArgs } from 'node:util';
import { makeQuietDisk } from './disk.ts';
import { buildLimit } from './measure.ts';
import { type Context, QUESTIONS } from './questions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tree: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
});

const names = Object.keys(QUESTIONS);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined || values.tree === undefined) {
  const why = unknown === undefined ? 'name a tree: --tree DIR' : `no question '${unknown}'`;
  process.stderr.write(`bench: ${why}; questions: ${names.join(', ')}\n`);
  process.exit(2);
}

const disk = makeQuietDisk(10);
process.once('SIGINT', () => process.exit(130));
process.on('exit', () => disk.remove());
const context: Context = {
  disk,
  limit: buildLimit(),
  tree: values.tree,
  rounds: Number(values.rounds),
  threads: values.threads,
};
for (const name of positionals.length > 0 ? positionals : names)
  for (const line of QUESTIONS[name]!(context)) process.stdout.write(`${line}\n`);
process.exit(0);
