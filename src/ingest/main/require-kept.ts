/** The end of a run that records no snapshot: all that it has met is still there. */
import { IngotError } from '../../errors.ts';
import type { Engine } from '../../store/seam/engine.ts';
import type { MainHalf } from '../../store/seam/write.ts';
import { whileKept } from '../../store/while-kept.ts';
import type { Claims } from '../claims.ts';

/**
 * Names of objects may have gone since the run has met them: where the generation shows that, all
 * that it has claimed is looked for. Throws INGOT_OBJECT_GONE, the signal's reason.
 */
export async function requireKept(
  { engine, half, claims }: { engine: Engine; half: MainHalf; claims: Claims },
  signal: AbortSignal | undefined,
): Promise<void> {
  const look = async () => {
    const gone = claims.count() - (await countKept(engine, claims, signal));
    if (gone > 0) throw objectsGone(engine.address, gone);
  };
  await whileKept(half, half.opened.generation, { look, take: () => {}, signal });
}

async function countKept(
  engine: Engine,
  claims: Claims,
  signal: AbortSignal | undefined,
): Promise<number> {
  const reader = await engine.openReader('objects');
  // A relayout may have one listed twice.
  const kept = new Set<string>();
  for await (const page of reader.list({ signal }))
    for (const digest of page) if (claims.owner(digest) !== 0) kept.add(digest.slice(0, KEY));
  return kept.size;
}

/** Characters of a digest by which claims are told apart. */
const KEY = 32;

function objectsGone(path: string, count: number): IngotError {
  return new IngotError({
    ...{ what: 'objects that this run has met are gone', code: 'INGOT_OBJECT_GONE', path },
    why: `${count} of them were removed while it went on`,
    hint: 'run it again: what is missing is stored anew',
  });
}
