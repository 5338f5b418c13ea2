import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { failed, IngotError } from '../../src/errors.ts';
import { isMissingProgram } from '../../src/programs.ts';
import { type Command, runChecked } from '../children.ts';
import { PEER_FAILED } from './peer.ts';

/** Runs the program, and takes the first number that it prints. */
export function programVersion(...command: Command): () => Promise<string | undefined> {
  return async () => {
    try {
      const { stdout } = await runChecked(command, { failsAs: PEER_FAILED });
      return /\d+(\.\w+)*/.exec(stdout)?.[0] ?? 'of an unknown version';
    } catch (error) {
      if (error instanceof IngotError) throw error;
      if (isMissingProgram(error, command[0])) return undefined;
      // It is there, but may not be run.
      const { message: why } = failed('cannot run it', error);
      throw new IngotError({ what: `cannot run ${command[0]}`, code: PEER_FAILED, why }, error);
    }
  };
}

/** Reads the package's own package.json, which it need not export. */
export function packageVersion(name: string): () => Promise<string | undefined> {
  const { resolve } = createRequire(import.meta.url);
  return async () => {
    const folder = resolve.paths(name)!.find((each) => fs.existsSync(path.join(each, name)));
    if (folder === undefined) return undefined;
    const text = fs.readFileSync(path.join(folder, name, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  };
}
