import { createRequire } from 'node:module';

/**
 * Loads a package that stays out of the bundles: it finds files of its own by where it lies. Of a
 * CommonJS package that is imported instead Node first reads the source for the names that it
 * exports, in JavaScript: that takes as long as loading it, in every thread.
 */
export const requirePackage = createRequire(import.meta.url);
