/**
 * `node puts-child.js STORE FOLDER AT_ONCE`: puts the files of a folder, so many at a time (0: all).
 * Prints the seconds that the puts took.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Store } from '../src/index.ts';

const [root = '', folder = '', atOnce = '0'] = process.argv.slice(2);
const names = fs.readdirSync(folder);
const store = await Store.open(root, { create: true });
// The first put takes the writer.
await store.put(Buffer.from('first'));
const begun = process.hrtime.bigint();
const next = names.values();
await Promise.all(Array.from({ length: Number(atOnce) || names.length }, putOn));
process.stdout.write(String(Number(process.hrtime.bigint() - begun) / 1e9));
await store.close();

/** One after the other until none is left. */
async function putOn(): Promise<void> {
  for (const name of next) await store.put(path.join(folder, name));
}
