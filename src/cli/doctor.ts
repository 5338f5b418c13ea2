import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../errors.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, storeOf, threadsOption } from './options.ts';

interface DoctorFlags extends CommonFlags {
  readonly threads?: number;
  readonly expect?: number;
  readonly seconds?: number;
}

/** `ingot doctor` */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('try out the disk for some seconds and advise settings; nothing stays on it')
    .addOption(threadsOption())
    .addOption(
      new Option('--expect <n>', 'how many objects the store shall hold').argParser(parseCount),
    )
    .addOption(
      new Option('--seconds <n>', 'longest time to try, in seconds (default: 15)').argParser(
        parseSeconds,
      ),
    );
  addCommonOptions(command).action((flags: DoctorFlags) =>
    runCommand(flags, 'go on', (context) => runDoctor(flags, context)),
  );
}

function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number.');
}

/** Longer than any disk needs to be known. */
const MAX_SECONDS = 3600;

function parseSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new InvalidArgumentError(`It is not a whole number from 1 to ${MAX_SECONDS}.`);
}

async function runDoctor(
  flags: DoctorFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const store = storeOf(flags);
  const [{ doctor }, { describeDoctor }] = await Promise.all([
    import('../doctor/doctor.ts'),
    import('./doctor-report.ts'),
  ]);
  if (process.stderr.isTTY && !output.quiet)
    output.say(`trying out the disk of ${printable(store)}, about 10 s`);
  const { threads, expect: expectedObjects, seconds } = flags;
  const report = await doctor(store, {
    threads,
    expectedObjects,
    budgetMs: seconds === undefined ? undefined : seconds * 1000,
    signal,
    onProbe: (probe) => {
      output.doing(`trying out the disk: ${probe}`);
      output.event({ event: 'progress', probe });
    },
  });
  output.result(report, describeDoctor(report));
  return EXIT.done;
}
