import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { OWN_URL } from '../places.ts';

const require = createRequire(OWN_URL);

/**
 * Loads a module by its address (file:). In the bundles without Node's loader of ES modules, whose
 * start takes some milliseconds in each thread.
 */
export async function loadModule<Exports>(address: string): Promise<Exports> {
  return address.endsWith('.cjs') ? require(fileURLToPath(address)) : import(address);
}
