/** What has to hold of a store in every state that a power cut may leave. */

import { isDigest } from '../../src/digest.ts';
import { IngotError } from '../../src/errors.ts';
import { parseFormat, type StoreFormat } from '../../src/store/local/on-disk/format.ts';
import { SHARDS } from '../../src/store/local/on-disk/layout.ts';
import { isWriterName } from '../../src/store/local/writers/writer.ts';
import { Content, folderAt, type Image, nodeAt } from './disk-image.ts';
import { brokenSnapshots, snapshotsIn, wrongSegmentsIn } from './snapshots.ts';

/** What was promised by the moment of the power cut. */
export interface Promised {
  /** The store's path, name by name. */
  readonly store: readonly string[];
  /** Success was reported, so the store has to be there. */
  readonly opens: boolean;
  /** The layout that a relayout reported. */
  readonly layout?: string | undefined;
  /** Contents whose storing was reported. */
  readonly digests: ReadonlySet<string>;
  /** A manifest, name by name: once it is there it lists nothing that is not stored. */
  readonly manifest?: readonly string[] | undefined;
  /** The objects that were there at first, and the generation then: none goes without the other. */
  readonly before?:
    | { readonly names: readonly string[]; readonly generation: string | undefined }
    | undefined;
  /** How many snapshots were there or were reported. */
  readonly snapshots: number;
  /** Segments that had other bytes before. */
  readonly damagedSegments: ReadonlySet<string>;
  /** Bytes that were damaged before, and may lie under a digest that they are not. */
  readonly planted: ReadonlySet<string>;
  /** Bytes, damaged or not, that a quarantine moves and never deletes. */
  readonly kept: ReadonlySet<string>;
  /** Digests that may have any bytes as long as a mark says that some were not flushed. */
  readonly unflushed: ReadonlySet<string>;
}

/** All that has the name of an object, wherever a layout or a relayout may put it. */
export function objectsIn(store: Image): [name: string, node: Image | Content][] {
  return [store, ...SHARDS.map((shard) => folderAt(store, [shard]))].flatMap((folder) =>
    [...folder].filter(([name]) => isDigest(name)),
  );
}

/** The names among them that hold their bytes. */
export function soundIn(store: Image): string[] {
  return objectsIn(store)
    .filter(([name, node]) => node instanceof Content && node.digest === name)
    .map(([name]) => name);
}

/** What is in quarantine, or on its way there. */
export function contentsAside(store: Image): string[] {
  return ['moving', 'quarantine']
    .flatMap((folder) => [...folderAt(store, ['.ingot', folder]).values()])
    .flatMap((node) => (node instanceof Content ? [node.digest] : []));
}

/** Undefined where there is none, or no whole one. */
export function generationIn(store: Image): string | undefined {
  const file = nodeAt(store, ['.ingot', 'generation']);
  const text = file instanceof Content ? file.bytes.toString() : '';
  return /^[0-9a-f]{32}\n$/.test(text) ? text : undefined;
}

/** A mark of `--durability none`: whoever promises durability reads all objects back then. */
export function isMarked(store: Image): boolean {
  return [...folderAt(store, ['.ingot', 'unflushed']).keys()].some(isWriterName);
}

/** Every promise that a state breaks, in words; none when all is well. */
export function brokenIn(image: Image, promised: Promised): string[] {
  const store = folderAt(image, promised.store);
  let format: StoreFormat | undefined;
  try {
    format = formatOf(store);
  } catch (error) {
    // Its name, too, implies its bytes, whether a promise was made or not.
    if (error instanceof IngotError) return [error.message];
    throw error;
  }
  return [
    ...wrongObjects(store, promised),
    ...(format === undefined ? refusals(store) : []),
    ...(promised.opens ? brokenMetadata(store, format, promised) : []),
    ...[...promised.digests]
      .filter((digest) => !isFound(store, format, digest))
      .map((digest) => `${digest} was reported as stored and is not there`),
    ...goneBytes(store, promised),
    ...goneNames(store, format, promised),
    ...wrongLines(image, store, format, promised),
    ...wrongSnapshots(store, format, promised),
  ];
}

function wrongSnapshots(
  store: Image,
  format: StoreFormat | undefined,
  { snapshots, damagedSegments }: Promised,
): string[] {
  const there = snapshotsIn(store).length;
  return [
    ...(there < snapshots ? [`of ${snapshots} reported snapshots ${there} are there`] : []),
    ...brokenSnapshots(store, (digest) => isFound(store, format, digest)),
    ...wrongSegmentsIn(store)
      .filter((name) => !damagedSegments.has(name))
      .map((name) => `segment ${name} has wrong bytes`),
  ];
}

function wrongObjects(store: Image, { planted, unflushed }: Promised): string[] {
  const wrong: string[] = [];
  const marked = isMarked(store);
  for (const [name, node] of objectsIn(store)) {
    if (!(node instanceof Content)) wrong.push(`${name} is not a file`);
    else if (node.digest !== name && !planted.has(node.digest) && !(marked && unflushed.has(name)))
      wrong.push(`${name} has wrong bytes (${node.bytes.length})`);
  }
  return wrong;
}

function goneBytes(store: Image, { kept }: Promised): string[] {
  const there = new Set(contentsAside(store));
  for (const [, node] of objectsIn(store)) if (node instanceof Content) there.add(node.digest);
  return [...kept]
    .filter((bytes) => !there.has(bytes))
    .map((bytes) => `the bytes ${bytes} are gone`);
}

function goneNames(store: Image, format: StoreFormat | undefined, { before }: Promised): string[] {
  const generation = generationIn(store);
  if (format?.format === 2 && generation === undefined) return ['the store has no generation'];
  if (before?.generation === undefined || before.generation !== generation) return [];
  const there = new Set(objectsIn(store).map(([name]) => name));
  return before.names
    .filter((name) => !there.has(name))
    .map((name) => `${name} is gone, and the generation is what it was`);
}

function formatOf(store: Image): StoreFormat | undefined {
  const file = nodeAt(store, ['.ingot', 'store.json']);
  if (!(file instanceof Content)) return undefined;
  return parseFormat(file.bytes.toString(), 'store.json');
}

/** Without store.json only what a creation cut short leaves is taken for a store. */
function refusals(store: Image): string[] {
  const isCutOff = store.has('.ingot');
  const isEmptyShard = (name: string) =>
    SHARDS.includes(name) && folderAt(store, [name]).size === 0;
  return [...store.keys()]
    .filter((name) => name !== '.ingot' && !(isCutOff && isEmptyShard(name)))
    .map((name) => `the next run takes ${name} for somebody's own`);
}

function brokenMetadata(
  store: Image,
  format: StoreFormat | undefined,
  { layout }: Promised,
): string[] {
  if (format === undefined) return ['the store is not there'];
  const missing =
    format.layout === 'sharded'
      ? SHARDS.filter((shard) => !(nodeAt(store, [shard]) instanceof Map))
      : [];
  return [
    ...missing.map((shard) => `the folder ${shard} is not there`),
    ...(layout !== undefined && (layout !== format.layout || format.movingFrom !== undefined)
      ? [`the layout was reported to be ${layout} and is not`]
      : []),
  ];
}

/** Looked for where store.json says, as the next ingest does. */
function isFound(store: Image, format: StoreFormat | undefined, digest: string): boolean {
  const path = (layout: string) => (layout === 'flat' ? [digest] : [digest.slice(0, 2), digest]);
  return [format?.layout, format?.movingFrom].some((layout) => {
    const node = layout === undefined ? undefined : nodeAt(store, path(layout));
    return node instanceof Content && node.digest === digest;
  });
}

function wrongLines(
  image: Image,
  store: Image,
  format: StoreFormat | undefined,
  { manifest }: Promised,
): string[] {
  const file = manifest && nodeAt(image, manifest);
  if (!(file instanceof Content)) return [];
  return file.bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !isFound(store, format, line.slice(0, 64)))
    .map((line) => `the manifest has a line for what is not stored: ${line}`);
}
