/** What all engines, and those who call them, refuse in the same words. */
import { IngotError, UsageError } from '../../errors.ts';
import type { Space } from './write.ts';

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

/** For a name that nothing in a space may have. */
export function badName(name: string, space: Space): IngotError {
  return new IngotError({
    what: 'not a name in a store',
    code: 'INGOT_BAD_NAME',
    path: name,
    why: `nothing among the ${space} may have it`,
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
