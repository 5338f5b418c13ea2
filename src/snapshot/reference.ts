/**
 * The reference of a snapshot: a line of JSON about it, and a line with the digest of the first.
 * FORMAT.md lists the keys.
 */
import { isUtf8 } from 'node:buffer';
import { digestOf, isDigest } from '../digest.ts';
import { surrogateEscaped, toBytes } from '../names.ts';
import { Fields } from './fields.ts';
import { isSnapshotId } from './id.ts';
import { isLabel } from './label.ts';
import { MAX_LEVEL, MAX_REFERENCE_BYTES } from './limits.ts';
import { damagedReference, newerReference } from './refusals.ts';
import type { Root } from './segment.ts';
import type { Refuse } from './text.ts';

/** Names and paths are in the escaped form of names.ts. */
export interface Reference {
  readonly id: string;
  /** When it was made, in milliseconds since 1970; the id may name a later time. */
  readonly time: number;
  readonly label: string | undefined;
  readonly host: string;
  readonly user: string;
  /** Of the ingot that made it. */
  readonly version: string;
  readonly sources: readonly SourceName[];
  /** Names of the owners of entries on that host, sorted by their numbers; as far as known. */
  readonly users: readonly OwnerName[];
  readonly groups: readonly OwnerName[];
  readonly root: Root;
  readonly counts: EntryCounts;
  /** Bytes that the store had not before: contents and segments. */
  readonly added: number;
  /** Of the store, when the snapshot was made. */
  readonly generation: string;
  /** False when something that was to be recorded is not. */
  readonly complete: boolean;
  /** What it lacks: a reason, as `missing` entries have, and how often. Sorted by reason. */
  readonly lacks: readonly (readonly [why: string, count: number])[];
}

export interface SourceName {
  readonly given: string;
  /** Absolute, without symbolic links. */
  readonly real: string;
}

export type OwnerName = readonly [id: number, name: string];

export interface EntryCounts {
  readonly directories: number;
  readonly files: number;
  readonly links: number;
  readonly missing: number;
}

/** Throws an IngotError for what `decodeReference` would refuse. */
export function encodeReference(reference: Reference): Buffer {
  const bytes = bytesOf(reference);
  decodeReference(bytes, reference.id);
  return bytes;
}

/** `id`: the name that it was found under. Throws an IngotError for what was not written so. */
export function decodeReference(bytes: Uint8Array, id: string): Reference {
  const refuse: Refuse = (why) => {
    throw damagedReference(id, why);
  };
  const json = parsed(firstLine(bytes, refuse), refuse);
  if (json.snapshot !== FORMAT) throw newerReference(id, json.snapshot);
  const reference = referenceIn(new Fields(json, refuse));
  if (reference.id !== id) refuse('it is the reference of another snapshot');
  const { directories, files, links, missing } = reference.counts;
  if (directories + files + links + missing !== reference.root.entries)
    refuse('its counts are not those of its entries');
  if (!bytesOf(reference).equals(bytes)) refuse('it is not written as it must be');
  return reference;
}

const FORMAT = 1;
const MAX_OWNER = 2 ** 32 - 1;
/** `{"sha256":"` … `"}` and a newline. */
const SUM_BYTES = 78;
const NEWLINE = 0x0a;

function sumLine(line: Uint8Array): string {
  return `{"sha256":"${digestOf(line)}"}\n`;
}

/** Checks the second line. */
function firstLine(bytes: Uint8Array, refuse: Refuse): string {
  if (bytes.length > MAX_REFERENCE_BYTES) refuse(`it is longer than ${MAX_REFERENCE_BYTES} bytes`);
  const line = bytes.subarray(0, Math.max(0, bytes.length - SUM_BYTES));
  const text = Buffer.from(
    bytes.buffer,
    bytes.byteOffset + line.length,
    bytes.length - line.length,
  );
  if (line.at(-1) !== NEWLINE || text.toString('latin1') !== sumLine(line))
    refuse('its checksum is wrong: it is cut short, or was changed');
  if (!isUtf8(line)) refuse('it is not UTF-8');
  return Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8');
}

function parsed(line: string, refuse: Refuse): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Whatever it is instead is refused in the same words.
  }
  return refuse('it is not a JSON object');
}

/** In the order of the keys. */
function bytesOf(reference: Reference): Buffer {
  const { id, time, label, host, user, version, sources, users, groups, root } = reference;
  const owners = (names: readonly OwnerName[]) => names.map(([each, name]) => [each, onWire(name)]);
  const json = JSON.stringify({
    ...{ snapshot: FORMAT, id, time: new Date(time).toISOString() },
    label: label === undefined ? undefined : onWire(label),
    ...{ host: onWire(host), user: onWire(user), version: onWire(version) },
    sources: sources.map(({ given, real }) => ({ given: onWire(given), real: onWire(real) })),
    ...{ users: owners(users), groups: owners(groups) },
    root: { sha256: root.digest, level: root.level, entries: root.entries, size: `${root.size}` },
    counts: countsOf(reference.counts),
    added: `${reference.added}`,
    generation: reference.generation,
    complete: reference.complete,
    lacks: reference.lacks,
  });
  const line = Buffer.from(`${json}\n`);
  return Buffer.concat([line, Buffer.from(sumLine(line))]);
}

function onWire(escaped: string): string {
  return escaped.isWellFormed() ? escaped : surrogateEscaped(toBytes(escaped));
}

function countsOf({ directories, files, links, missing }: EntryCounts): EntryCounts {
  return { directories, files, links, missing };
}

function referenceIn(fields: Fields): Reference {
  const root = fields.object('root');
  const counts = fields.object('counts');
  const lacks = fields.pairs('lacks', (why, count) => [why.word(), count.count()] as const);
  requireSorted(lacks, 'lacks', fields);
  const owners = (key: 'users' | 'groups') => {
    const names = fields.pairs(key, (id, name) => [id.count(MAX_OWNER), name.text()] as const);
    requireSorted(names, key, fields);
    return names;
  };
  const complete = fields.at('complete').flag();
  if (!complete && lacks.length === 0) fields.refuse('it is not complete, and lacks nothing');
  const label = fields.has('label') ? fields.at('label').text() : undefined;
  if (label !== undefined && !isLabel(label)) fields.refuse('its label is none');
  return {
    id: fields.at('id').matching(isSnapshotId),
    time: fields.at('time').time(),
    label,
    host: fields.at('host').text(),
    user: fields.at('user').text(),
    version: fields.at('version').text(),
    sources: fields.objects('sources', (source) => ({
      given: source.at('given').text(),
      real: source.at('real').text(),
    })),
    users: owners('users'),
    groups: owners('groups'),
    root: {
      digest: root.at('sha256').matching(isDigest),
      level: root.at('level').count(MAX_LEVEL),
      entries: root.at('entries').count(),
      size: root.at('size').size(),
    },
    counts: {
      directories: counts.at('directories').count(),
      files: counts.at('files').count(),
      links: counts.at('links').count(),
      missing: counts.at('missing').count(),
    },
    added: fields.at('added').size(),
    generation: fields.at('generation').matching(isGeneration),
    complete,
    lacks,
  };
}

/** By what comes first in each pair, which comes once. */
function requireSorted<T extends string | number>(
  pairs: readonly (readonly [T, unknown])[],
  key: string,
  { refuse }: Fields,
): void {
  for (let at = 1; at < pairs.length; at++)
    if (pairs[at - 1]![0] >= pairs[at]![0]) refuse(`its ${key} are not sorted`);
}

function isGeneration(text: string): text is string {
  return /^[0-9a-f]{1,64}$/.test(text);
}
