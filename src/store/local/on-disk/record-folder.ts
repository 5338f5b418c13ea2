import fs from 'node:fs';
import { join } from 'node:path';
import { failed } from '../../../errors.ts';
import type { FileOps } from '../../../files/file-ops.ts';
import { makeFolder } from '../../../files/rights.ts';
import { denialIn } from './denial.ts';
import { METADATA } from './format.ts';
import { requireNoLink } from './metadata-file.ts';
import { storeRights } from './sharing.ts';

/**
 * The folder of the stat records; undefined when it is missing and shall not be made. Throws an
 * IngotError.
 */
export function recordFolder(root: string, make: boolean, ops: FileOps): string | undefined {
  const path = join(root, METADATA, 'records');
  try {
    requireNoLink(path);
    if (make) makeFolder(ops, path, storeRights(root).folder);
    return make || fs.existsSync(path) ? path : undefined;
  } catch (error) {
    throw failed('cannot use the records of the store', error, { path, ...denialIn(root, error) });
  }
}
