/** Looks at a store with the plainest means there are, not with the store's own code. */
import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import { hasErrno } from '../errors.ts';
import { namesIn } from '../files/file-ops.ts';
import { Turns } from '../turns.ts';
import { counted } from '../units.ts';

/** The names of all objects of a flat store; none where there is no store yet. */
export function objectsIn(store: string): Digest[] {
  return namesIn(store).filter(isDigest);
}

/** What is wrong with the objects; undefined when each holds what its name says. */
export async function wrongObjects(store: string): Promise<string | undefined> {
  const wrong: string[] = [];
  const turns = new Turns();
  for (const name of objectsIn(store)) {
    if (digestOf(fs.readFileSync(join(store, name))) !== name) wrong.push(name);
    if (turns.isDue()) await turns.take();
  }
  return wrong.length === 0
    ? undefined
    : `${counted(wrong.length, 'object')} with wrong bytes, ${wrong[0]} among them`;
}

/** An object that has to be there and is missing, or one that is too much. */
export function otherObjects(store: string, expected: ReadonlySet<string>): string | undefined {
  const objects = objectsIn(store);
  const stored = new Set<string>(objects);
  const missing = [...expected].find((digest) => !stored.has(digest));
  if (missing !== undefined) return `${missing} is not there although its ingest ended well`;
  const surplus = objects.find((digest) => !expected.has(digest));
  return surplus && `${surplus} is there, and no file has this content`;
}

/** Folders of writers, dead or alive. */
export function writersIn(store: string): string[] {
  return namesIn(store).filter((name) => name.startsWith('.tmp-'));
}

/** Temps of all writers, those of the dead among them. */
export function countTemps(store: string): number {
  const workers = writersIn(store).flatMap((name) => {
    const folder = join(store, name);
    return namesIn(folder).map((worker) => join(folder, worker));
  });
  return workers.reduce((sum, folder) => sum + namesIn(folder).length, 0);
}

/** A file without a name in a worker's folder of temps, as /proc shows it. */
const NAMELESS = /\/\.tmp-[0-9a-f]+\/\d+\/#\d+ \(deleted\)$/;

/** Temps without a name that a process has open. */
export function countNamelessTemps(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const open = ofLiving(() => fs.readdirSync(folder)) ?? [];
  return open.filter((fd) => NAMELESS.test(ofLiving(() => fs.readlinkSync(join(folder, fd))) ?? ''))
    .length;
}

/** Undefined when the file was closed meanwhile, or the process has ended. */
function ofLiving<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // EACCES: the process has just ended, and others may see nothing of it.
    if (!hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) throw error;
    return undefined;
  }
}

/** Temps that nobody has removed; undefined when none are left. */
export function tempsLeft(store: string, after: string): string | undefined {
  const [name] = writersIn(store);
  return name && `temps are left after ${after}: ${name}`;
}
