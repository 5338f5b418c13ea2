import { escapeLatin1Name, escapeName, toBytes } from '../../src/names.ts';
import type { Micro } from './micro.ts';

const PLAIN = 'name-of-a-file.txt';
const ACCENTED = Buffer.from('prénom-d’une-fichière.txt').toString('latin1');
const BROKEN = Buffer.from('6e616d65ff0a5c2e747874', 'hex');
const ESCAPED = escapeName(BROKEN);

/** What does a name cost on its way through the walk and back to bytes? */
export const ESCAPE: readonly Micro[] = [
  { label: 'escape: a plain ASCII name', run: () => escapeLatin1Name(PLAIN) },
  { label: 'escape: a name of UTF-8', run: () => escapeLatin1Name(ACCENTED) },
  { label: 'escape: a name that is not UTF-8', run: () => escapeName(BROKEN) },
  { label: 'escape: the same back to bytes', run: () => toBytes(ESCAPED) },
];
