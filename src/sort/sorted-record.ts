/**
 * A record inside `bytes`: a key, by whose bytes records are sorted, and a payload that nobody here
 * looks into. Spilled: the length of each, then the payload, then the key.
 */
export interface SortedRecord {
  readonly bytes: Buffer;
  /** Where the payload starts; the key follows it. */
  readonly payloadAt: number;
  readonly payloadLength: number;
  readonly keyLength: number;
}

/** Two 32-bit numbers: the lengths of payload and key. */
export const HEAD_BYTES = 8;

/** The record whose head lies at `at`. */
export function recordAt(bytes: Buffer, at: number): SortedRecord {
  return {
    bytes,
    payloadAt: at + HEAD_BYTES,
    payloadLength: bytes.readUInt32LE(at),
    keyLength: bytes.readUInt32LE(at + 4),
  };
}

/** Negative when the key of `a` sorts before that of `b`. */
export function compareKeys(a: SortedRecord, b: SortedRecord): number {
  const keyOfA = a.payloadAt + a.payloadLength;
  const keyOfB = b.payloadAt + b.payloadLength;
  return a.bytes.compare(b.bytes, keyOfB, keyOfB + b.keyLength, keyOfA, keyOfA + a.keyLength);
}

/** The records of a run that lies in memory. */
export function* recordsIn(run: Buffer): Generator<SortedRecord> {
  for (let at = 0; at < run.length; ) {
    const record = recordAt(run, at);
    yield record;
    at = record.payloadAt + record.payloadLength + record.keyLength;
  }
}
