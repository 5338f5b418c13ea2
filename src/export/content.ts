/** Contents for an export: nothing that is wrong is ever given out whole. */
import { type Digest, DigestStream, digestOf } from '../digest.ts';
import { codeOf, type FailureKind, failed, IngotError } from '../errors.ts';
import type { FileEntry } from '../snapshot/entry.ts';
import type { OpenContent, ReadHalf } from '../store/seam/read.ts';

/** Contents up to this size are read whole. */
export const SMALL_BYTES = 256 << 10;

/** The bytes of a small file. Throws an IngotError: INGOT_DAMAGED, or an errno. */
export async function smallContent(reader: ReadHalf<Digest>, file: FileEntry): Promise<Buffer> {
  const bytes = await reader.readWhole(file.digest, SMALL_BYTES).catch((error: unknown) => {
    throw isMissing(error) ? missingContent(file) : failed('cannot read an object', error);
  });
  if (bytes === undefined || bytes.length !== file.size) throw cutShort(file);
  const actual = digestOf(bytes);
  if (actual !== file.digest) throw otherBytes(file, actual);
  return bytes;
}

/** The bytes of a file in chunks, the last of which is held back until all are known to be right. */
export async function* contentOf(
  reader: ReadHalf<Digest>,
  file: FileEntry,
): AsyncGenerator<Buffer> {
  const content = await openContent(reader, file);
  try {
    const hash = new DigestStream();
    let left = file.size;
    let held: Buffer | undefined;
    for (;;) {
      const buffer = Buffer.allocUnsafe(SMALL_BYTES);
      const length = await content.read(buffer);
      if (length === 0) break;
      const chunk = buffer.subarray(0, length);
      hash.update(chunk);
      left -= length;
      if (left < 0) break;
      if (held !== undefined) yield held;
      held = chunk;
    }
    if (left !== 0) throw cutShort(file);
    const actual = hash.digest();
    if (actual !== file.digest) throw otherBytes(file, actual);
    if (held !== undefined) yield held;
  } catch (error) {
    throw failed('cannot read an object', error, { path: content.path });
  } finally {
    await content.close();
  }
}

async function openContent(reader: ReadHalf<Digest>, file: FileEntry): Promise<OpenContent> {
  let content: OpenContent;
  try {
    content = await reader.open(file.digest);
  } catch (error) {
    throw isMissing(error) ? missingContent(file) : error;
  }
  if (content.size === file.size) return content;
  await content.close();
  throw otherSize(file, content.size);
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'INGOT_NOT_FOUND';
}

export function missingContent(file: FileEntry): IngotError {
  return damagedEntry(file, `its object ${file.digest} is not in the store`, 'gone');
}

export function otherSize(file: FileEntry, actual: number): IngotError {
  const why = `its object ${file.digest} has ${actual} bytes, and the snapshot says ${file.size}`;
  return damagedEntry(file, why);
}

function cutShort(file: FileEntry): IngotError {
  return damagedEntry(file, `its object ${file.digest} does not have ${file.size} bytes`);
}

function otherBytes(file: FileEntry, actual: Digest): IngotError {
  return damagedEntry(file, `its object ${file.digest} hashes to ${actual}`);
}

function damagedEntry({ path }: FileEntry, why: string, kind?: FailureKind): IngotError {
  const hint = "run 'ingot verify --repair-from STORE' or ingest its source again";
  return new IngotError({
    ...{ what: 'cannot export an entry', code: 'INGOT_DAMAGED', kind, path, why, hint },
  });
}
