/** `node cacache-child.js store REPO TREE | count REPO | digest REPO FILE` */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import cacache from 'cacache';
import { regularFiles } from './regular-files.ts';

/** More than libuv's threads, so that none waits for the hashing. */
const AT_A_TIME = 16;

const OPTIONS: cacache.put.Options = { algorithms: ['sha256'] };

async function store(repo: string, tree: string): Promise<void> {
  const files = regularFiles(tree);
  const putAll = async () => {
    for (const file of files)
      await cacache.put(repo, keyOf(file), await fs.readFile(file.path), OPTIONS);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, putAll));
}

/** Its keys are strings: a character for each byte. */
function keyOf({ name }: { readonly name: Buffer }): string {
  return name.toString('latin1');
}

const [verb, repo = '', operand = ''] = process.argv.slice(2);
if (verb === 'store') await store(repo, operand);
else if (verb === 'count') console.log(Object.keys(await cacache.ls(repo)).length);
else {
  const { data } = await cacache.get(repo, keyOf({ name: Buffer.from(operand) }));
  console.log(createHash('sha256').update(data).digest('hex'));
}
