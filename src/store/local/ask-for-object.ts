import { type AskCalls, askOpen } from '../../read-ahead/ask-open.ts';
import type { Layout } from '../choices.ts';
import type { AskForObject } from '../seam/read.ts';
import { objectPath } from './on-disk/layout.ts';
import { READ_FLAGS } from './on-disk/read-flags.ts';

/** Asks for objects where they are expected, and nowhere else. Undefined without libc. */
export function askForObject(
  root: string,
  layout: Layout,
  calls: AskCalls,
): AskForObject | undefined {
  const { files } = calls;
  if (files.willNeed === undefined) return undefined;
  return (digest, most) =>
    askOpen(files.open(objectPath(root, layout, digest), READ_FLAGS, 0), most, calls);
}
