import { type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../errors.ts';
import { type SelftestReport, TRIAL_NAMES, type TrialName } from '../selftest/report.ts';
import { type CommandContext, runCommand } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addOutputOptions, type CommonFlags } from './options.ts';
import type { Output } from './output.ts';

interface SelftestFlags extends CommonFlags {
  readonly only?: readonly TrialName[];
}

/** `ingot selftest DIR` */
export function addSelftest(program: Command): void {
  const command = program
    .command('selftest')
    .description("try out ingot's guarantees on a directory's disk; nothing stays on it")
    .argument('<dir>', 'a directory on the disk');
  command.addOption(
    new Option('--only <trial>', 'run this trial only (repeatable)')
      .choices(TRIAL_NAMES)
      .argParser(collectTrials),
  );
  addOutputOptions(command).action((directory: string, flags: SelftestFlags) =>
    runCommand(flags, 'go on', (context) => runSelftest(directory, flags, context)),
  );
}

function collectTrials(text: string, before: readonly TrialName[] = []): TrialName[] {
  const name = TRIAL_NAMES.find((each) => each === text);
  if (name !== undefined) return [...before, name];
  throw new InvalidArgumentError(`It is none of ${TRIAL_NAMES.join(', ')}.`);
}

async function runSelftest(
  directory: string,
  { only }: SelftestFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const [{ selftest }, { describeSelftest }] = await Promise.all([
    import('../selftest/selftest.ts'),
    import('./selftest-report.ts'),
  ]);
  if (process.stderr.isTTY && !output.quiet)
    output.say(`trying ingot's guarantees in ${printable(directory)}, about 30 s`);
  const report = await selftest(directory, {
    trials: only,
    signal,
    onTrial: (trial) => {
      output.doing(`trying the guarantees: ${trial}`);
      output.event({ event: 'progress', trial });
    },
  });
  output.result(report, describeSelftest(report));
  return sayBroken(report, output) ? EXIT.failed : EXIT.done;
}

/** A line for each guarantee that is broken. */
function sayBroken({ guarantees, directory }: SelftestReport, output: Output): boolean {
  const broken = guarantees.filter(({ verdict }) => verdict === 'broken');
  for (const { number, guarantee, evidence } of broken)
    output.say(
      `guarantee ${number} is broken in ${printable(directory)}: ${guarantee}: ${evidence.join('; ')}`,
    );
  return broken.length > 0;
}
