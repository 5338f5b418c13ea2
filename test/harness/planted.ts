/** A trial that finds nothing has to be shown to find a defect: see planted-defect.mjs. */
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';

const PLANTED = fileURLToPath(new URL('../fixtures/planted-defect.mjs', import.meta.url));

/** Until the test ends, every `ingot` that it starts has the defect. The library has not. */
export function plant(defect: string): void {
  vi.stubEnv('INGOT_PRELOAD', `--import ${PLANTED}`);
  vi.stubEnv('DEFECT', defect);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** By which check a defect is found. */
export const WRONG_BYTES = /expected '[0-9a-f]+…' to be '[0-9a-f]+…'/;
export const NOT_EMPTY = /expected \[ .* \] to deeply equal \[\]/;
