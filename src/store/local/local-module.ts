import { entryFile } from '../../places.ts';

/** Address of what worker threads load of the local engine. Throws INGOT_BUNDLED where it is missing. */
export function localModule(): string {
  return entryFile('workers/local-store').href;
}
