import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../harness/tree.ts';
import { untilCertain } from '../harness/until-certain.ts';

it('another name of a file is not read, small or large, unless it was changed just now', async () => {
  const root = temporaryDirectory();
  const source = join(root, 'source');
  fs.mkdirSync(source);
  const sizes = { small: 100_000, large: 6 << 20 };
  for (const [name, size] of Object.entries(sizes)) {
    fs.writeFileSync(join(source, name), Buffer.alloc(size, name));
    fs.linkSync(join(source, name), join(source, `${name}-again`));
  }
  const once = sizes.small + sizes.large;
  const fresh = await ingest(join(root, 'first'), [source]);
  expect(fresh).toMatchObject({ bytesRead: 2 * once, outcomes: { new: 2, duplicate: 2 } });
  await untilCertain();
  for (const threads of [1, 2]) {
    const options = { threads, rescan: true };
    const certain = await ingest(join(root, `with ${threads}`), [source], options);
    expect(certain).toMatchObject({ bytesRead: once, outcomes: { new: 2, duplicate: 2 } });
    expect(certain.snapshot?.root).toBe(fresh.snapshot?.root);
    const stored = await ingest(join(root, 'first'), [source], options);
    expect(stored).toMatchObject({ bytesRead: once, outcomes: { duplicate: 4 } });
  }
});
