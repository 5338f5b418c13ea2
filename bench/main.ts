/**
 * Where does the time go, and who is faster? Prints a table a question and writes
 * bench-report/results.json and bench-report/report.html.
 *
 *   npm run bench -- [QUESTION...] [--tree DIR | --corpus NAME] [--rounds 3] [--threads 2]
 *                    [--scale 1] [--seed 1] [--on DIR] [--corpora DIR] [--cold] [--huge]
 *
 * The quiet disk needs root and a loop device, limit.c and the floors cc with OpenSSL's headers,
 * peak memory GNU time, syscalls strace; what is missing is said, and the rest goes on.
 */
import { EXIT, exitCodeOf, lineOf } from '../src/cli/fail.ts';
import { SIGNAL_EXIT } from '../src/cli/signals.ts';
import { failed } from '../src/errors.ts';
import { isReaderGone } from '../src/files/standard-streams.ts';
import { endAll } from './children.ts';
import { parseCommandLine } from './command-line.ts';
import { runBench } from './run.ts';

const made: { remove(): void }[] = [];
const note = (text: string) => void process.stderr.write(`bench: ${text}\n`);

/** Also at the end of a run that failed or was stopped: nothing stays mounted or on the disk. */
process.on('exit', () => {
  for (const each of made.reverse())
    try {
      each.remove();
    } catch (error) {
      note(`something is left behind: ${lineOf(error)}`);
    }
});

let isStopping = false;

/** Only the first reason counts: what it began must not be stopped. */
async function stop(why: string, exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  note(`${why}: ending what runs, removing what was made`);
  await endAll();
  process.exit(exitCode);
}
for (const [signal, exitCode] of Object.entries({ ...SIGNAL_EXIT, SIGQUIT: 131 }))
  process.on(signal, () => void stop(signal, exitCode));
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    const isGone = isReaderGone(error, stream);
    const why = isGone ? 'nobody reads on' : lineOf(failed('cannot tell of it', error));
    void stop(why, isGone ? EXIT.readerGone : EXIT.failed);
  });

try {
  const settings = parseCommandLine(process.argv.slice(2));
  const complete =
    settings === undefined ||
    (await runBench(settings, {
      note,
      print: (text) => void process.stdout.write(`${text}\n`),
      onMade: (each) => made.push(each),
    }));
  process.exitCode = complete ? EXIT.done : EXIT.failed;
} catch (error) {
  note(lineOf(error));
  process.exitCode = exitCodeOf(error);
}
