/** The snapshots in a state that a power cut may leave: none is there that is not whole. */
import { IngotError } from '../../src/errors.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { decodeEntries } from '../../src/snapshot/entry-segment.ts';
import { isSnapshotId } from '../../src/snapshot/id.ts';
import { Position } from '../../src/snapshot/position.ts';
import { decodeReference } from '../../src/snapshot/reference.ts';
import { damagedSegment } from '../../src/snapshot/refusals.ts';
import { decodeRefs, type Root } from '../../src/snapshot/segment.ts';
import { Content, folderAt, type Image, nodeAt } from './disk-image.ts';

const SEGMENTS = ['.ingot', 'segments'];
const SNAPSHOTS = ['.ingot', 'snapshots'];

/** The ids of all references, whole or not. */
export function snapshotsIn(store: Image): string[] {
  return [...folderAt(store, SNAPSHOTS).keys()].filter(isSnapshotId);
}

/** The names of segments whose bytes are not theirs. */
export function wrongSegmentsIn(store: Image): string[] {
  return [...folderAt(store, SEGMENTS)]
    .filter(([name, node]) => !(node instanceof Content) || node.digest !== name)
    .map(([name]) => name);
}

/** What is wrong with them, in words. `isFound`: an object is there, where the store looks for it. */
export function brokenSnapshots(store: Image, isFound: (digest: string) => boolean): string[] {
  return snapshotsIn(store).flatMap((id) => {
    try {
      return [...missingIn(store, id, isFound)].map(
        (digest) => `a snapshot names ${digest}, which is not there`,
      );
    } catch (error) {
      if (error instanceof IngotError) return [`snapshot ${id}: ${error.message}`];
      throw error;
    }
  });
}

/** The objects that it names and are not there. Throws an IngotError for what no reader takes. */
function missingIn(store: Image, id: string, isFound: (digest: string) => boolean): Set<string> {
  const reference = nodeAt(store, [...SNAPSHOTS, id]);
  const bytes = reference instanceof Content ? reference.bytes : Buffer.alloc(0);
  const { root } = decodeReference(bytes, id);
  const files = entriesBelow(store, root, '').filter((entry) => entry.type === 'file');
  return new Set(files.map(({ digest }) => digest).filter((digest) => !isFound(digest)));
}

function entriesBelow(store: Image, of: Root, directory: string): Entry[] {
  const segment = nodeAt(store, [...SEGMENTS, of.digest]);
  if (!(segment instanceof Content)) throw damagedSegment(of.digest, 'it is not in the store');
  if (of.level === 0) return decodeEntries(segment.bytes, of, Position.in(directory));
  return decodeRefs(segment.bytes, of, directory).flatMap((ref) =>
    entriesBelow(store, ref, ref.directory),
  );
}
