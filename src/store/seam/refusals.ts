/** What all engines, and those who call them, refuse in the same words. */
import { IngotError, UsageError } from '../../errors.ts';

/** `path`: where it lies. */
export function damaged(path: string, name: string, why: string): IngotError {
  return new IngotError({
    what: `object ${name} is damaged`,
    code: 'INGOT_DAMAGED',
    path,
    why,
    hint: "run 'ingot verify --quarantine' and ingest its source again",
  });
}

export function notFound(name: string, address: string): IngotError {
  return new IngotError({
    what: 'no such object',
    code: 'INGOT_NOT_FOUND',
    kind: 'gone',
    path: name,
    why: `it is not in the store ${address}`,
  });
}

/** For what the engine of a store does not have. `what` completes "cannot ...". */
export function notOffered(what: string, address: string): UsageError {
  return new UsageError({
    what: `cannot ${what}`,
    code: 'INGOT_NOT_OFFERED',
    path: address,
    why: 'a store of this kind does not have that',
  });
}
