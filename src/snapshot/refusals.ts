/** What this room refuses, in one line each. */
import type { Digest } from '../digest.ts';
import { IngotError, printable } from '../errors.ts';

/** Bytes that are not what the writer of a snapshot has stored. */
export function damagedSegment(digest: Digest, why: string): IngotError {
  return new IngotError({
    what: `segment ${digest} of a snapshot is damaged`,
    code: 'INGOT_DAMAGED',
    why,
    hint: "ingest the sources again, or run 'ingot verify --repair-from STORE'",
  });
}

/** An entry that no snapshot can hold. */
export function notRecorded(path: string, why: string): IngotError {
  return new IngotError({ what: 'cannot record an entry', code: 'INGOT_NOT_RECORDED', path, why });
}

export function damagedReference(id: string, why: string): IngotError {
  return new IngotError({
    what: `snapshot ${id} is damaged`,
    code: 'INGOT_DAMAGED',
    why,
    hint: 'ingest the sources again',
  });
}

export function newerReference(id: string, format: unknown): IngotError {
  return new IngotError({
    what: `cannot read snapshot ${id}`,
    code: 'INGOT_NEWER_FORMAT',
    why: `its format is ${printable(JSON.stringify(format) ?? 'none')}, and this ingot knows only 1`,
    hint: 'use a newer ingot',
  });
}

export function noPath(path: string, id: string): IngotError {
  return new IngotError({
    ...{ what: 'no such path', code: 'INGOT_NO_PATH', kind: 'gone', path },
    why: `it is not in snapshot ${id}`,
    hint: "'ingot ls' lists what is",
  });
}

/** `type`: of the entry that is no file. */
export function notAFile(path: string, type: string): IngotError {
  const why = type === 'missing' ? 'the snapshot lacks it' : `it is a ${type}`;
  return new IngotError({
    ...{ what: 'cannot read the content', code: 'INGOT_NOT_A_FILE', path: path || '.', why },
    hint: 'name a file, as in latest:PATH',
  });
}

/** For what is missing of a snapshot that is listed no more. */
export function forgottenMeanwhile(id: string, cause?: unknown): IngotError {
  return new IngotError(
    {
      ...{ what: 'cannot read a snapshot to its end', code: 'INGOT_FORGOTTEN', kind: 'gone' },
      ...{ path: id, why: 'it was forgotten while it was read, and a gc has run' },
    },
    cause,
  );
}

/** For a file whose object is not there. */
export function lostContent(path: string, digest: Digest): IngotError {
  return new IngotError({
    ...{ what: 'the content of a file is lost', code: 'INGOT_DAMAGED', path },
    why: `object ${digest} is not in the store`,
    hint: 'ingest the sources again, or copy it from another store that has it',
  });
}
