declare const opener: unique symbol;

/**
 * An open file, which only what opened it may close. At run time it is the descriptor's number; to
 * the compiler it is none, so that no other API takes it, nor this one another's.
 *
 * In a thread below a user's Worker, Node notes what its fs opens there, and closes it when the
 * thread ends. What was closed behind its back by then is the number of somebody else's file.
 */
export interface Descriptor<Opener extends string> {
  readonly [opener]: Opener;
}

/**
 * open(2): the file is only pointed at, which needs no right to read it, and gives none. Node has no
 * name for it; on all architectures that it runs on it is the same number.
 */
export const O_PATH = 0o10000000;

/** What may be read from, looked at or locked, but not closed. */
export type AnyDescriptor = number | Descriptor<string>;

/** For calls that close nothing. */
export function numberOf(descriptor: AnyDescriptor): number {
  return descriptor as number;
}

/** For an opener alone: it has made `fd`, and will close it. */
export function owned<Opener extends string>(fd: number): Descriptor<Opener> {
  return fd as unknown as Descriptor<Opener>;
}
