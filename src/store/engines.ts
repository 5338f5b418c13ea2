/** Which engine keeps a store. Nothing else imports one. */
import { LocalEngine } from './local/engine.ts';
import type { Engine } from './seam/engine.ts';
import { storePath } from './store-path.ts';

/**
 * The engine of the store at an address, or of where one would be: a path of this machine. Throws a
 * UsageError for what is none. `of` is what the error is about.
 */
export function engineAt(address: unknown, of?: string): Engine {
  return new LocalEngine(storePath(address, of));
}
