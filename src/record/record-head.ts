import { crc32 } from 'node:zlib';
import { IngotError } from '../errors.ts';
import { END_BYTES, RECORD_FORMAT } from './layout.ts';

/** A source of the run that made a record. */
export interface RecordedSource {
  /** Its real path, in the escaped form of names.ts. */
  readonly real: string;
  readonly device: number;
  readonly inode: number;
}

/** The first line of a record. */
export interface RecordHead {
  /** Milliseconds since 1970. */
  readonly begun: number;
  readonly sources: readonly RecordedSource[];
  /** What the run passed over, in any form: with other rules names may be missing. */
  readonly rules: string;
}

/** The last 256 bytes of a record. */
export interface RecordEnd {
  readonly position: number;
  readonly rows: number;
  /** CRC-32 of the index. */
  readonly checksum: number;
  /** Of the store, at a moment when it had all objects that the record names. */
  readonly generation: string;
  /** Directories that are known with all that they hold. */
  readonly directories: number;
  /** The id of the snapshot that the run has made. */
  readonly snapshot: string;
}

/** The most bytes that a first line may have. */
export const MAX_HEAD_BYTES = 1 << 20;

export function encodeHead(head: RecordHead): Buffer {
  return Buffer.from(`${JSON.stringify({ record: RECORD_FORMAT, ...head })}\n`);
}

/** Of the line without its end. Throws an Error for what is none. */
export function decodeHead(line: string): RecordHead {
  const { record, begun, sources, rules } = objectIn(line);
  if (record !== RECORD_FORMAT) throw new Unusable(`its format is ${JSON.stringify(record)}`);
  const isHead = typeof begun === 'number' && typeof rules === 'string' && Array.isArray(sources);
  if (!isHead || !sources.every(isSource))
    throw new Unusable('its first line is not that of a record');
  return { begun, sources, rules };
}

export function encodeEnd(end: RecordEnd): Buffer {
  const text = JSON.stringify(end);
  return Buffer.from(`${`${checksumText(text)} ${text}`.padEnd(END_BYTES - 1)}\n`);
}

/** Throws an Error for what is none. */
export function decodeEnd(bytes: Uint8Array): RecordEnd {
  const line = Buffer.from(bytes).toString().trimEnd();
  const text = line.slice(line.indexOf(' ') + 1);
  if (line.slice(0, line.indexOf(' ')) !== checksumText(text))
    throw new Unusable('its end is damaged');
  return objectIn(text) as unknown as RecordEnd;
}

/** Why something is not, or no more, a record: it is passed over. */
export class Unusable extends IngotError {
  constructor(why: string, code = 'INGOT_RECORD') {
    super({ what: 'cannot use the record', code, why });
  }
}

/** The code for a record that is whole perhaps, and somebody else's. */
export const FOREIGN_RECORD = 'INGOT_FOREIGN_RECORD';

function checksumText(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Whatever JSON.parse throws, it is no JSON.
  }
  throw new Unusable('it is damaged');
}

function isSource(value: unknown): value is RecordedSource {
  const { real, device, inode } = (value ?? {}) as Record<string, unknown>;
  return typeof real === 'string' && typeof device === 'number' && typeof inode === 'number';
}
