import fs from 'node:fs';
import type { Command } from 'commander';
import { filePath } from '../checked.ts';
import { failed, printable, UsageError } from '../errors.ts';
import { requireGiven, requireStandardInput, standardInput } from '../files/standard-streams.ts';
import { toFsPath } from '../names.ts';
import type { Sharing } from '../store/choices.ts';
import type { PutSource } from '../store/put-source.ts';
import { bytes } from '../units.ts';
import { type CommandContext, runCommand, warnOfNewStore } from './command.ts';
import { EXIT, type ExitCode } from './fail.ts';
import { addCommonOptions, type CommonFlags, sharedOption, storeOf } from './options.ts';

interface PutFlags extends CommonFlags {
  readonly shared?: Sharing;
}

/** `ingot put FILE|-` */
export function addPut(program: Command): void {
  const command = program
    .command('put')
    .description('store one content and print its digest')
    .argument('<file>', 'a file, or - for standard input')
    .addOption(sharedOption());
  addCommonOptions(command).action((file: string, flags: PutFlags) =>
    runCommand(flags, 'go on', (context) => runPut(file, flags, context)),
  );
}

async function runPut(
  file: string,
  flags: PutFlags,
  { output, signal }: CommandContext,
): Promise<ExitCode> {
  const path = storeOf(flags);
  checkReadable(file);
  if (flags.shared === undefined) await warnOfNewStore(path, output);
  const { Store } = await import('../store/store.ts');
  const store = await Store.open(path, {
    create: true,
    shared: flags.shared,
    onNotice: (text) => output.notice(text),
  });
  const source = sourceOf(file);
  output.doing(() => `storing ${printable(file)}${readFrom(source)}`);
  try {
    const result = await store.put(source, { signal }).catch((error: unknown) => {
      throw signal.aborted ? error : failed('cannot store the content', error, { path: file });
    });
    output.result(result, `${result.digest}\n`);
    if (result.repaired) output.notice(`repaired a damaged object: ${result.digest}`);
    return EXIT.done;
  } finally {
    await store.close();
  }
}

/** Before a store is created for nothing. */
function checkReadable(file: string): void {
  filePath('file', file);
  try {
    requireGiven(file);
    if (file === '-') requireStandardInput();
    else requireReadable(file);
  } catch (error) {
    throw failed('cannot read the source', error, { path: file });
  }
}

function requireReadable(file: string): void {
  const path = toFsPath(file);
  fs.accessSync(path, fs.constants.R_OK);
  if (!fs.statSync(path).isDirectory()) return;
  throw new UsageError({
    what: 'wrong usage',
    code: 'INGOT_USAGE',
    path: file,
    why: "it is a directory, and 'ingot put' stores one file",
    hint: "use 'ingot ingest' for directories",
  });
}

function sourceOf(file: string): PutSource {
  if (file === '-') return standardInput();
  const path = toFsPath(file);
  return typeof path === 'string' ? path : fs.createReadStream(path);
}

/** How much of it was read, where it is a stream that counts. */
function readFrom(source: PutSource): string {
  const isCounted = typeof source === 'object' && 'bytesRead' in source;
  return isCounted ? `, ${bytes(Number(source.bytesRead))} read` : '';
}
