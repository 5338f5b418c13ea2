import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { escapeName } from '../../names.ts';
import type { OwnerName } from '../../snapshot/reference.ts';

/** Larger ones are no table of the users of a machine. */
const MAX_BYTES = 16 << 20;

/** The names of users, as far as /etc/passwd has them: passwd(5). */
export function userNames(ids: readonly number[]): OwnerName[] {
  return namesIn('/etc/passwd', ids);
}

/** The same of groups: group(5). */
export function groupNames(ids: readonly number[]): OwnerName[] {
  return namesIn('/etc/group', ids);
}

/** Lines `name:x:number:…`; the first of a number counts. */
function namesIn(file: string, ids: readonly number[]): OwnerName[] {
  const names = new Map<number, string>();
  for (const line of linesOf(file)) {
    const [name, , id] = line.split(':');
    if (name !== '' && /^\d{1,10}$/.test(id ?? '') && !names.has(Number(id)))
      names.set(Number(id), escapeName(Buffer.from(name!, 'latin1')));
  }
  return ids.flatMap((id): OwnerName[] => {
    const name = names.get(id);
    return name === undefined ? [] : [[id, name]];
  });
}

function linesOf(file: string): string[] {
  try {
    if (fs.statSync(file).size > MAX_BYTES) return [];
    return fs.readFileSync(file, 'latin1').split('\n');
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
