import { isError } from '../errors.ts';
import { engineAt } from '../store/engines.ts';
import { EXIT, type ExitCode, exitCodeOf } from './fail.ts';
import type { CommonFlags } from './options.ts';
import { Output } from './output.ts';
import { Interrupts } from './signals.ts';

export interface CommandContext {
  readonly output: Output;
  /** Aborted by SIGHUP, SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * What a command does when the reader of its stdout leaves: one that only prints stops like any
 * other tool, one that changes the store goes on without output.
 */
export type WhenReaderGone = 'stop' | 'go on';

/** Runs a command's body and turns its end, good or bad, into output and exit code. */
export async function runCommand(
  flags: CommonFlags,
  whenReaderGone: WhenReaderGone,
  body: (context: CommandContext) => Promise<ExitCode>,
): Promise<void> {
  const output = new Output(flags, () => {
    if (whenReaderGone === 'stop') process.exit(EXIT.readerGone);
  });
  const interrupts = new Interrupts({
    say: (text) => output.say(text),
    showState: () => output.showState(),
  });
  try {
    const warning = flags.store ? await engineAt(flags.store).warning() : undefined;
    if (warning !== undefined) output.warn(warning);
    process.exitCode = await body({ output, signal: interrupts.signal });
    await output.finish();
  } catch (error) {
    process.exitCode = exitCodeOf(error, interrupts.received);
    output.fail(error, attachedReport(error));
  } finally {
    interrupts.dispose();
  }
}

/** For a command that makes the store if it is missing. */
export async function warnOfNewStore(store: string, output: Output): Promise<void> {
  const warning = await engineAt(store).warningOfNew();
  if (warning !== undefined) output.warn(warning);
}

/** The report that an IngestError brings along. */
function attachedReport(error: unknown): object {
  return isError(error) && 'report' in error ? { report: error.report } : {};
}
