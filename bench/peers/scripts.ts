/** How the scripts of a peer are run: with nothing of the user's, and leaving nothing behind. */
import fs from 'node:fs';
import path from 'node:path';
import { type Command, runChecked } from '../children.ts';
import type { Contender } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';
import { PEER_FAILED, type Peer } from './peer.ts';

const BLAMED = { failsAs: PEER_FAILED } as const;

/** A first run, and one that finds all as it was. */
export function peerContenders(peer: Peer, context: Context): [Contender, Contender] {
  const step = { command: scriptCommand(peer, context, peer.store), ...BLAMED };
  const prepare = async () => {
    context.arena.renew();
    fs.mkdirSync(homeIn(context));
    await runChecked(scriptCommand(peer, context, peer.init), BLAMED);
    dropCachesIfCold(context);
  };
  return [
    { ...step, prepare },
    { ...step, prepare: () => dropCachesIfCold(context) },
  ];
}

/** What a script prints, without the line's end. */
export async function scriptOutput(
  peer: Peer,
  context: Context,
  script: string,
  file = '',
): Promise<string> {
  const { stdout } = await runChecked(scriptCommand(peer, context, script, file), BLAMED);
  return stdout.trimEnd();
}

/**
 * Settings in the user's home and environment (`GIT_DIR`, `BORG_REPO`) must not count, and caches
 * have to be as new as the repository: home, caches and temporary files lie beside it in the arena.
 */
function scriptCommand(peer: Peer, context: Context, script: string, file = ''): Command {
  const home = homeIn(context);
  const variables = {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: path.join(home, 'cache'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    TREE: context.tree,
    REPO: path.join(context.arena.path, 'repository'),
    FILE: file,
    ...peer.environment,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return ['/usr/bin/env', '-i', ...assignments, '/bin/sh', '-ec', script];
}

function homeIn({ arena }: Context): string {
  return path.join(arena.path, 'home');
}
