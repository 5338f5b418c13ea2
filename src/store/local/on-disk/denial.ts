import fs from 'node:fs';
import { bestEffort } from '../../../errors.ts';
import { type Denial, denialOf } from '../../../files/denied.ts';
import { isSet, storeRights } from './sharing.ts';

/**
 * Of a call in a store that was refused: which file or folder refused it, as `denialOf`, and what to
 * do where its owner has opened the store's directory alone.
 */
export function denialIn(root: string, error: unknown, at?: string): Denial | undefined {
  const denial = denialOf(error, at);
  if (denial === undefined || !isBehind(root, denial.path)) return denial;
  const hint = `${denial.hint}; the next 'ingot put' or 'ingot ingest' of its owner opens it as the store's directory is open`;
  return { ...denial, hint };
}

/** True for what in a store lets users do less than the store's own directory. */
function isBehind(root: string, path: string): boolean {
  let isSo = false;
  bestEffort(() => {
    if (!path.startsWith(`${root}/`)) return;
    const { folder, file } = storeRights(root);
    const found = fs.lstatSync(path);
    const needed = found.isDirectory() ? folder.mode & 0o077 : file.mode & 0o044;
    isSo = found.uid !== process.geteuid?.() && !isSet(found.mode, needed);
  });
  return isSo;
}
