/** A peer that fails fast is not fast: what it stored is counted, and one file is looked at. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { IngotError } from '../../src/errors.ts';
import type { Context } from '../question.ts';
import { PEER_FAILED, type Peer } from './peer.ts';
import { scriptOutput } from './scripts.ts';

/** Throws an IngotError unless every regular file of the tree is stored. */
export async function checkStored(peer: Peer, context: Context): Promise<void> {
  const stored = await scriptOutput(peer, context, peer.count);
  if (Number(stored) !== context.corpus.files)
    throw notStored(peer, `it stored ${stored} of ${context.corpus.files} files`);
  const file = plainFileIn(context.tree);
  if (file === undefined) return;
  const content = fs.readFileSync(path.join(context.tree, file));
  const digest = createHash('sha256').update(content).digest('hex');
  const [held] = (await scriptOutput(peer, context, peer.digest, file)).split(/\s/);
  if (held !== digest) throw notStored(peer, `it holds another content for ${file}`);
}

/** The last one in a walk that has a content, and a name that no tool prints in another way. */
function plainFileIn(folder: string): string | undefined {
  const entries = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => /^\w[\w.-]*$/.test(name))
    .reverse();
  for (const entry of entries) {
    const at = path.join(folder, entry.name);
    if (entry.isFile() && fs.statSync(at).size > 0) return entry.name;
    const below = entry.isDirectory() ? plainFileIn(at) : undefined;
    if (below !== undefined) return path.join(entry.name, below);
  }
  return undefined;
}

function notStored({ name }: Peer, why: string): IngotError {
  return new IngotError({ what: `${name} did not store the tree`, code: PEER_FAILED, why });
}
