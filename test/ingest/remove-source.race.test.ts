/** Two ingests that remove the same source at once. */
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { endOf, start } from '../harness/run.ts';
import { expectWholeSnapshots } from '../harness/store-checks.ts';
import { directoryInMemory } from '../harness/tree.ts';
import { LATER } from './again.ts';
import { contentsOf } from './main/removal/removing.ts';

it.each([
  ['into one store', 'store', 'store'],
  ['into two stores', 'one', 'two'],
])('two removals of one source, %s, lose nothing', async (_, ...names) => {
  for (let round = 0; round < 4; round++) {
    const folder = directoryInMemory();
    const source = join(folder, 'source');
    for (let n = 0; n < 3000; n++) {
      const directory = join(source, `d${n % 30}`);
      fs.mkdirSync(directory, { recursive: true });
      fs.writeFileSync(join(directory, `f${n}`), `content ${n}`);
    }
    const before = Object.values(contentsOf(source));
    const stores = names.map((name) => join(folder, name));
    const ends = await Promise.all(
      stores.map((store) => {
        const args = ['ingest', source, '--store', store, '-q', '--remove-source', '--yes'];
        return endOf(start(args, undefined, { NODE_OPTIONS: `--import ${LATER}` }));
      }),
    );
    for (const { code, stderr } of ends) expect([0, 3], stderr).toContain(code);
    const now = new Set(Object.values(contentsOf(source)));
    const lost = before.filter(
      (content) =>
        !now.has(content) &&
        !stores.some((store) => fs.existsSync(join(store, digestOf(Buffer.from(content))))),
    );
    expect(lost).toEqual([]);
    for (const store of stores) expectWholeSnapshots(store);
  }
});
