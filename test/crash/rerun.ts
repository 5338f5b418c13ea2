/** Runs a recording's last command once more, in a state that a power cut may leave. */
import fs from 'node:fs';
import { type Ended, ingot } from '../harness/run.ts';
import { brokenIn } from './checks.ts';
import { folderAt, type Image, readImage, writeImage } from './disk-image.ts';
import { memoryDirectory, type Recording, type Trial } from './record.ts';

/**
 * What is wrong when the command has run in a state of this point, in words: it has to succeed, to
 * leave nothing half-done, and to keep what was promised, what was sound and what it promises
 * itself. Where objects are lost that were not flushed it may tell so, and succeeds the next time.
 */
export function brokenAfterRerun(
  { commands }: Recording,
  trial: Trial,
  point: number,
  image: Image,
): string[] {
  const root = memoryDirectory();
  const isLost = brokenIn(image, { ...trial.promisedAt(point), unflushed: new Set() }).length > 0;
  try {
    writeImage(image, root);
    const last = commands.at(-1)!;
    for (const { program, args, code } of last.sweptBy === undefined
      ? [last]
      : [last, last.sweptBy]) {
      let ended = ingot(args(root), { program });
      if (isLost && tellsOfLoss(ended)) ended = ingot(args(root), { program });
      if (ended.code !== 0 && ended.code !== code)
        return [`the next run ends with ${ended.code}: ${ended.stderr}`];
    }
    const promised = trial.promisedAfterRerun(point, image);
    const after = readImage(root);
    const store = folderAt(after, promised.store);
    const left = [
      ...[...store.keys()].filter((name) => name.startsWith('.tmp-')),
      ...folderAt(store, ['.ingot', 'moving']).keys(),
    ];
    return [...brokenIn(after, promised), ...left.map((name) => `${name} is left`)];
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

function tellsOfLoss({ code, stderr }: Ended): boolean {
  return code === 1 && stderr.includes('none stored are not on the disk');
}
