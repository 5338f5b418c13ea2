/** What who reads a snapshot is told when a gc takes it meanwhile; else what is missing is damage. */
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { restore } from '../../../dist/src/restore/restore.js';
import type { VerifyOptions } from '../../../dist/src/snapshot/verify/api.js';
import { verifyIn } from '../../../dist/src/snapshot/verify/verify.js';
import { LocalEngine as BuiltEngine } from '../../../dist/src/store/local/engine.js';
import type { Space } from '../../../dist/src/store/seam/write.js';
import { exportComposefs } from '../../../src/export/export-composefs.ts';
import { exportTar } from '../../../src/export/tar/export-tar.ts';
import { forgetIn } from '../../../src/snapshot/forget/forget.ts';
import { openSnapshot } from '../../../src/snapshot/snapshot.ts';
import { LocalEngine } from '../../../src/store/local/engine.ts';
import { endOf, start } from '../../harness/run.ts';
import { temporaryDirectory } from '../../harness/tree.ts';
import { storeSnapshot } from '../stored.ts';
import { all, fileAt } from '../trees.ts';
import { digest, gcAt, setting } from './setting.ts';

let [root, id] = ['', ''];
beforeEach(async () => {
  ({ root } = await setting());
  id = await storeSnapshot(root, [fileAt('f', 'mine')], { contents: ['mine'] });
  fs.rmSync(join(root, '.ingot/pins'), { recursive: true });
});

async function takeAll(): Promise<void> {
  await forgetIn(new LocalEngine(root), { snapshots: [id] });
  await gcAt(root);
}

const FORGOTTEN = { code: 'INGOT_FORGOTTEN', kind: 'gone', path: '' };

describe('a snapshot that was opened before', () => {
  it('says that it was forgotten, for its entries and for a content', async () => {
    const snapshot = await openSnapshot(root, id);
    const file = await openSnapshot(root, `${id}:f`);
    await takeAll();
    await expect(all(snapshot.entries())).rejects.toMatchObject({ ...FORGOTTEN, path: id });
    await expect(file.read()).rejects.toMatchObject({ ...FORGOTTEN, path: id });
  });

  it('is damaged where it is still listed', async () => {
    const file = await openSnapshot(root, `${id}:f`);
    fs.rmSync(join(root, digest('mine')));
    await expect(file.read()).rejects.toMatchObject({ code: 'INGOT_DAMAGED' });
    const snapshot = await openSnapshot(root, id);
    for (const name of fs.readdirSync(join(root, '.ingot/segments')))
      fs.rmSync(join(root, '.ingot/segments', name));
    await expect(all(snapshot.entries())).rejects.toMatchObject({ code: 'INGOT_DAMAGED' });
  });
});

describe('a verify', () => {
  /** Of the built package. The snapshot goes before a first segment is read, or after its own was. */
  function overtaken(when: 'before' | 'after', go: () => Promise<unknown>): BuiltEngine {
    const engine = new BuiltEngine(root);
    const { openReader } = engine;
    let isTaken = false;
    const take = async () => {
      if (!isTaken) await go();
      isTaken = true;
    };
    Object.assign(engine, {
      openReader: async (space: Space) => {
        const reader = await openReader.call(engine, space);
        if (space !== 'segments') return reader;
        const { readWhole } = reader;
        reader.readWhole = async (name, most) => {
          if (when === 'before') await take();
          const bytes = await readWhole.call(reader, name, most);
          if (bytes?.includes(digest('mine'))) await take();
          return bytes;
        };
        return reader;
      },
    });
    return engine;
  }

  async function verified(
    when: 'before' | 'after',
    options: VerifyOptions = {},
    go: () => Promise<unknown> = takeAll,
  ) {
    const said: string[] = [];
    const report = await verifyIn(overtaken(when, go), {
      threads: 1,
      onForgotten: (each) => void said.push(`forgotten ${each}`),
      onUnreadable: ({ failure }) => void said.push(failure.code),
      onDamagedSnapshot: (damaged) => void said.push(`damaged ${damaged.id}`),
      onLost: (object) => void said.push(`lost ${object.digest}`),
      ...options,
    });
    return { report, said };
  }

  const SOUND = { damagedSnapshots: 0, unreadable: 0, missing: 0, lost: 0, unrepaired: 0 };

  it.each(['before', 'after'] as const)(
    'does not take for damage what has gone %s a segment was read',
    async (when) => {
      const { report, said } = await verified(when);
      expect(report).toMatchObject({ ...SOUND, forgotten: 1, checked: 2 });
      expect(said).toEqual([`forgotten ${id}`]);
    },
  );

  it('says what others need and lack all the same', async () => {
    fs.rmSync(join(root, digest('shared')));
    const { report, said } = await verified('after');
    expect(report).toMatchObject({ missing: 1, lost: 1, unrepaired: 1, forgotten: 1 });
    expect(said).toEqual([`forgotten ${id}`, `lost ${digest('shared')}`]);
  });

  it.each(['before', 'after'] as const)(
    'of that snapshot alone says so when it has gone %s a segment was read',
    async (when) => {
      const running = verified(when, { snapshot: id });
      await expect(running).rejects.toMatchObject({ ...FORGOTTEN, path: id });
    },
  );

  it('of that snapshot alone ends well where nothing has gone yet', async () => {
    const forget = () => forgetIn(new LocalEngine(root), { snapshots: [id] });
    const { report, said } = await verified('after', { snapshot: id }, forget);
    expect(report).toMatchObject({ ...SOUND, forgotten: 1, checked: 1 });
    expect(said).toEqual([`forgotten ${id}`]);
  });
});

describe('a restore', () => {
  const restored = (onEntry: () => void) =>
    restore(root, id, join(temporaryDirectory(), 'back'), { threads: 1, report: 'all', onEntry });

  it('whose objects go with their snapshot says so', async () => {
    // The directory comes first, and its object is gone by the time of the file.
    fs.rmSync(join(root, digest('mine')));
    const running = restored(() => {
      fs.rmSync(join(root, '.ingot/snapshots', id), { force: true });
    });
    await expect(running).rejects.toMatchObject({ ...FORGOTTEN, path: id });
  });

  it('counts what is lost otherwise', async () => {
    fs.rmSync(join(root, digest('mine')));
    expect(await restored(() => {})).toMatchObject({ failed: 1 });
  });
});

describe('an export', () => {
  /** More than is read ahead of the first block, and than a pipe holds. */
  const files = Array.from({ length: 60 }, (_, n) => `${n} of many`.padEnd(20_000));
  const first = 'x'.repeat(300_000);

  async function storeMany(): Promise<void> {
    id = await storeSnapshot(
      root,
      [fileAt('0', first), ...files.map((content, n) => fileAt(`f${n}`, content))],
      { contents: [first, ...files] },
    );
    fs.rmSync(join(root, '.ingot/pins'), { recursive: true });
  }

  it('whose contents go with their snapshot says so', async () => {
    await storeMany();
    let blocks = 0;
    const running = (async () => {
      for await (const _ of exportTar(root, id)) if (++blocks === 1) await takeAll();
    })();
    await expect(running).rejects.toMatchObject({ ...FORGOTTEN, path: id });
  });

  it('ends as a command with exit code 1, and says why in one line', async () => {
    await storeMany();
    const child = start(['export', id, '--format', 'tar', '--store', root]);
    await once(child.stdout, 'readable');
    await takeAll();
    const { code, stderr } = await endOf(child);
    expect(stderr).toMatch(/^ingot: cannot read a snapshot to its end.*forgotten while.*\n$/);
    expect(code).toBe(1);
  });

  const listed = (onEntry: () => void) =>
    buffer(exportComposefs(root, id, { onEntry })).then(() => 'done');

  it('of places of objects says so, too', async () => {
    fs.rmSync(join(root, digest('mine')));
    const running = listed(() => fs.rmSync(join(root, '.ingot/snapshots', id), { force: true }));
    await expect(running).rejects.toMatchObject({ ...FORGOTTEN, path: id });
  });

  it('fails with damage where the snapshot is still listed, or the object is there', async () => {
    const gone = { code: 'INGOT_DAMAGED', path: 'f' };
    fs.rmSync(join(root, digest('mine')));
    await expect(listed(() => {})).rejects.toMatchObject(gone);
    await expect(buffer(exportTar(root, id))).rejects.toMatchObject(gone);
    fs.writeFileSync(join(root, digest('mine')), 'more');
    const forget = () => fs.rmSync(join(root, '.ingot/snapshots', id), { force: true });
    const running = buffer(exportTar(root, id, { onEntry: forget }));
    await expect(running).rejects.toMatchObject(gone);
  });
});
