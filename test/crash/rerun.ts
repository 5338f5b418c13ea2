/** Runs a recording's last command once more, in a state that a power cut may leave. */
import fs from 'node:fs';
import { ingot } from '../cli/run.ts';
import { brokenIn } from './checks.ts';
import { folderAt, type Image, readImage, writeImage } from './disk-image.ts';
import { memoryDirectory, type Recording, type Trial } from './record.ts';

/**
 * What is wrong when the command has run in a state of this point, in words: it has to succeed, to
 * leave no temp, and to keep all that was promised and what it promises itself.
 */
export function brokenAfterRerun(
  { commands }: Recording,
  trial: Trial,
  point: number,
  image: Image,
): string[] {
  const root = memoryDirectory();
  try {
    writeImage(image, root);
    const last = commands.at(-1)!;
    for (const { args } of last.sweptBy === undefined ? [last] : [last, last.sweptBy]) {
      const { code, stderr } = ingot(args(root));
      if (code !== 0) return [`the next run ends with ${code}: ${stderr}`];
    }
    const promised = trial.promisedAfterRerun(point);
    const after = readImage(root);
    const temps = [...folderAt(after, promised.store).keys()].filter((name) =>
      name.startsWith('.tmp-'),
    );
    return [...brokenIn(after, promised), ...temps.map((temp) => `${temp} is left`)];
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}
