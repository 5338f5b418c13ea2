import { createRequire } from 'node:module';

/**
 * Loads a package that stays out of the bundles, since it finds its own files by where it lies.
 * When a CommonJS package is imported instead, Node first searches its source for the names that it
 * exports, in JavaScript: that takes as long as loading it, in every thread.
 */
export const requirePackage = createRequire(import.meta.url);
