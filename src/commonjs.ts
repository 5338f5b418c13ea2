import { createRequire } from 'node:module';

/**
 * Loads a CommonJS package. Of one that is imported Node first reads the source for the names that
 * it exports, in JavaScript: that takes as long as loading it, in every thread.
 */
export const requirePackage = createRequire(import.meta.url);
