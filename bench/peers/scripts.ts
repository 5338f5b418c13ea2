/** How the scripts of a peer are run: with nothing of the user's, and leaving nothing behind. */
import fs from 'node:fs';
import path from 'node:path';
import { type Command, runChecked } from '../children.ts';
import type { Contender } from '../method.ts';
import { dropCachesIfCold, warm } from '../prepare.ts';
import type { Context } from '../question.ts';
import { checkRestored, targetIn } from '../restored-tree.ts';
import { PEER_FAILED, type Peer, type RestoringPeer } from './peer.ts';

const BLAMED = { failsAs: PEER_FAILED } as const;

/** A first run, and one that finds all as it was. */
export function peerContenders(peer: Peer, context: Context): [Contender, Contender] {
  const step = { command: scriptCommand(peer, context, peer.store), ...BLAMED };
  const prepare = async () => {
    await initialize(peer, context);
    dropCachesIfCold(context);
  };
  return [
    { ...step, prepare },
    { ...step, prepare: () => dropCachesIfCold(context) },
  ];
}

/** Restores the tree to `targetIn`, from a new repository that has just taken it in. */
export function restoringPeer(peer: RestoringPeer, context: Context): Contender {
  const prepare = async () => {
    await initialize(peer, context);
    await runChecked(scriptCommand(peer, context, peer.store), BLAMED);
    fs.mkdirSync(targetIn(context));
    await warm({ ...context, tree: repositoryIn(context) });
    dropCachesIfCold(context);
  };
  const command = scriptCommand(peer, context, peer.restore);
  const check = () => checkRestored(context, peer.name, PEER_FAILED);
  return { command, ...BLAMED, prepare, check };
}

/** An empty repository in an arena that is empty otherwise. */
async function initialize(peer: Peer, context: Context): Promise<void> {
  context.arena.renew();
  fs.mkdirSync(homeIn(context));
  await runChecked(scriptCommand(peer, context, peer.init), BLAMED);
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
    REPO: repositoryIn(context),
    TARGET: targetIn(context),
    FILE: file,
    ...peer.environment,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return ['/usr/bin/env', '-i', ...assignments, '/bin/sh', '-ec', script];
}

function repositoryIn({ arena }: Context): string {
  return path.join(arena.path, 'repository');
}

function homeIn({ arena }: Context): string {
  return path.join(arena.path, 'home');
}
