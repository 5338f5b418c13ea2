/** Where the spaces of a local store lie, and what may become of their contents. */
import { join } from 'node:path';
import { isDigest } from '../../digest.ts';
import type { FileOps } from '../../files/file-ops.ts';
import type { Layout } from '../choices.ts';
import type { OnRefused } from '../seam/read.ts';
import { isReferenceName } from '../seam/reference-name.ts';
import { badName } from '../seam/refusals.ts';
import type { Names, Space } from '../seam/write.ts';
import { listEveryObject } from './on-disk/every-object.ts';
import { METADATA, type StoreFormat } from './on-disk/format.ts';
import { candidatePaths, listFolder, objectPath, otherLayout } from './on-disk/layout.ts';
import { requireNoLink } from './on-disk/metadata-file.ts';
import { replaceObject } from './upkeep/quarantine.ts';
import { hashesTo } from './upkeep/verify-objects.ts';

export interface LocalSpace<Name extends string> {
  /** Where a content gets its name. */
  pathOf(name: Name): string;
  /** Where it may lie as well; undefined where there is no such place. */
  otherPathOf(name: Name): string | undefined;
  /** Throws INGOT_BAD_NAME. Where names are digests by their type there is nothing to check. */
  requireName?(name: Name): void;
  /** Where to look for it, in this order. */
  candidatesOf(name: Name): readonly string[];
  /** Throws an IngotError. */
  list(onRefused: OnRefused | undefined): Iterable<Name>;
  /** True when the file at `path` has the bytes that the name stands for. Throws an IngotError. */
  isSound(path: string, name: Name): boolean;
  /**
   * Renames a temp to its name, whatever has that. Undefined where two contents of one name may
   * differ: the first one stays.
   */
  readonly replace: ((name: Name, temp: string, path: string, ops: FileOps) => void) | undefined;
}

/** In which layouts objects lie. */
export interface Places {
  /** Where they get their names. */
  readonly layout: Layout;
  /** They may lie in the other one, too: a relayout is under way. */
  readonly moving: boolean;
}

/** As a store's format says. */
export function placesOf({ layout, movingFrom }: StoreFormat): Places {
  return { layout, moving: movingFrom !== undefined };
}

export function objectSpace(
  root: string,
  { layout, moving }: Places,
): LocalSpace<Names['objects']> {
  const other = otherLayout(layout);
  return {
    pathOf: (digest) => objectPath(root, layout, digest),
    otherPathOf: (digest) => (moving ? objectPath(root, other, digest) : undefined),
    candidatesOf: (digest) => candidatePaths(root, layout, digest),
    list: (onRefused) => listEveryObject(root, onRefused),
    isSound: hashesTo,
    replace: (digest, temp, path, ops) => replaceObject(root, digest, temp, path, ops),
  };
}

/** A space whose contents lie in one folder of the metadata. Throws INGOT_BAD_METADATA for a link. */
function metadataSpace<Name extends string>(
  root: string,
  { space, folder: name, isName }: MetadataSpace<Name>,
): LocalSpace<Name> {
  const folder = join(root, METADATA, name);
  requireNoLink(folder);
  const requireName = (given: Name) => {
    if (!isName(given)) throw badName(given, space);
  };
  const pathOf = (given: Name) => {
    requireName(given);
    return join(folder, given);
  };
  return {
    requireName,
    pathOf,
    otherPathOf: () => undefined,
    candidatesOf: (given) => [pathOf(given)],
    list: (onRefused) => listFolder(folder, isName, onRefused),
    isSound: () => true,
    replace: undefined,
  };
}

interface MetadataSpace<Name extends string> {
  readonly space: Space;
  readonly folder: string;
  /** Which of the files in it are its own. */
  readonly isName: (name: string) => name is Name;
}

const SEGMENTS: MetadataSpace<Names['segments']> = {
  space: 'segments',
  folder: 'segments',
  isName: isDigest,
};
const REFERENCES: MetadataSpace<Names['references']> = {
  space: 'references',
  folder: 'snapshots',
  isName: isReferenceName,
};

/** References that were let go. Throws INGOT_BAD_METADATA where a link would lead elsewhere. */
export function forgottenSpace(root: string): LocalSpace<Names['references']> {
  return metadataSpace(root, { ...REFERENCES, folder: 'forgotten' });
}

const SPACES: { readonly [S in Space]: (root: string, places: Places) => LocalSpace<Names[S]> } = {
  objects: objectSpace,
  segments: (root) => metadataSpace(root, SEGMENTS),
  references: (root) => metadataSpace(root, REFERENCES),
};

/** Any space of a store. Throws INGOT_BAD_METADATA where a link would lead elsewhere. */
export function spaceOf<S extends Space>(
  space: S,
  root: string,
  places: Places,
): LocalSpace<Names[S]> {
  return SPACES[space](root, places);
}
