/** A verified content as the result of a command, to stdout or to the file of -o. */
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Digest } from '../digest.ts';
import { bytes } from '../units.ts';
import type { CommandContext } from './command.ts';
import { counting, print, requireOneOutput, save } from './content.ts';
import { type CommonFlags, outputFile } from './options.ts';
import type { Output } from './output.ts';

export interface ContentFlags extends CommonFlags {
  readonly output?: string;
}

export function addOutputFile(command: Command): Command {
  return command.option(
    '-o, --output <file>',
    'write there, whole or not at all wherever a rename works',
    outputFile,
  );
}

/** The file that was named; undefined for stdout. Throws a UsageError where that has JSON on it. */
export function outputFileOf(flags: ContentFlags, output: Output): string | undefined {
  const file = flags.output === '-' ? undefined : flags.output;
  requireOneOutput(file, output);
  return file;
}

export interface Content {
  readonly stream: Readable;
  readonly digest: Digest;
  /** The path of the store, which the file may not be in. */
  readonly store: string;
}

export async function giveOut(
  { stream, digest, store }: Content,
  file: string | undefined,
  { output, signal }: CommandContext,
): Promise<void> {
  let size = 0;
  output.doing(() => `${bytes(size)} of ${digest} written`);
  const chunks = counting(stream, (length) => {
    size += length;
  });
  if (file === undefined) await print(chunks, signal);
  else {
    await save(chunks, file, store, signal);
    output.result({ digest, size, path: file }, '');
  }
}
