import { isRefused, type Koffi, type SharedLibrary } from './binding.ts';

const RUSAGE_THREAD = 1;
/** Where a long has 64 bits, `struct rusage` is so many of them, and this is ru_nvcsw. */
const LONGS = 18;
const NVCSW = 16;

/**
 * getrusage(2): how often the thread that calls has given its processor away since it began, in
 * order to wait. Undefined where it cannot be asked for.
 */
export function bindThreadSwitches(koffi: Koffi, self: SharedLibrary): (() => number) | undefined {
  if (koffi.sizeof('long') !== 8) return undefined;
  const getrusage = self.func('int getrusage(int who, _Out_ void *into)');
  const usage = new BigInt64Array(LONGS);
  if (isRefused(koffi, () => getrusage(-100, usage))) return undefined;
  return () => {
    getrusage(RUSAGE_THREAD, usage);
    return Number(usage[NVCSW]);
  };
}
