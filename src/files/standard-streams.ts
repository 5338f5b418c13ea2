/** The standard streams under all their names, and whatever they are. */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { hasErrno } from '../errors.ts';

/**
 * Throws EBADF when standard input is closed, which would read as empty: Node has opened /dev/null
 * in its place then, for writing too. `< /dev/null` opens it for reading only. For an output that
 * proves nothing: users who do not want to see it open /dev/null in the same way.
 */
export function requireStandardInput(): void {
  const isOpened = openOn('0') === '/dev/null' && /^flags:\s*\d*2$/m.test(infoOf('0'));
  if (isOpened) throw badDescriptor('-');
}

/**
 * Standard input. Where Node does not know the type of the descriptor (a block device, a
 * directory), process.stdin is an empty stream.
 */
export function standardInput(): Readable {
  const { stdin } = process;
  const isUnknown = Object.getPrototypeOf(stdin) === Readable.prototype;
  return isUnknown ? fs.createReadStream('', { fd: 0, autoClose: false }) : stdin;
}

const NAMED: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 };

/**
 * The descriptor that a path stands for. To open such a path is not the same: a file would be
 * written from its start, and a rename would take its place.
 */
export function descriptorOf(path: string): number | undefined {
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(path)?.[1];
  return number === undefined ? NAMED[path] : Number(number);
}

/**
 * Throws EBADF when a path stands for a descriptor that nobody gave to this process, but that Node
 * has opened for itself: what is written there vanishes or crashes the process.
 */
export function requireGiven(path: string): void {
  const descriptor = descriptorOf(path);
  if (descriptor === undefined || descriptor <= 2 || !isNodesOwn(descriptor)) return;
  throw badDescriptor(path);
}

function badDescriptor(path: string): Error {
  return Object.assign(new Error('EBADF: open'), { code: 'EBADF', path });
}

/**
 * Node's own are epoll, eventfd and io_uring, and pipes with both ends in this process.
 * Close-on-exec proves nothing: Node sets it on descriptors that it was given, too.
 */
function isNodesOwn(descriptor: number): boolean {
  const what = openOn(String(descriptor));
  if (what?.startsWith('anon_inode:')) return true;
  if (!what?.startsWith('pipe:')) return false;
  const same = fs.readdirSync(OPEN).filter((each) => openOn(each) === what);
  return same.some((each) => writes(each)) && same.some((each) => !writes(each));
}

const OPEN = '/proc/self/fd';

/** As the kernel names it; undefined where there is no such descriptor, or no /proc. */
function openOn(descriptor: string): string | undefined {
  try {
    return fs.readlinkSync(`${OPEN}/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** By the access mode among the flags (open(2)), in octal. */
function writes(descriptor: string): boolean {
  return !/^flags:\s*\d*0$/m.test(infoOf(descriptor));
}

function infoOf(descriptor: string): string {
  return fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
}

/**
 * True for a failed write to a standard stream that nobody reads any more: a pipe or a socket whose
 * other end is closed, or a terminal that is. EIO of anything else is a failure: what was to be
 * written there is needed.
 */
export function isReaderGone(error: unknown, stream: StandardStream = process.stdout): boolean {
  if (hasErrno(error, 'EPIPE', 'ECONNRESET')) return true;
  return hasErrno(error, 'EIO') && (stream.isTTY === true || isTerminal(stream.fd));
}

/** The part of process.stdout and process.stderr that shows what they are. */
interface StandardStream {
  readonly isTTY: boolean;
  readonly fd: number;
}

/** Major device numbers of terminals: virtual and serial ones, the console, pseudoterminals. */
const TERMINALS: ReadonlySet<number> = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143]);

/** By its device: isatty(3) no longer knows a terminal that was closed. */
function isTerminal(fd: number): boolean {
  const stat = fs.fstatSync(fd);
  return stat.isCharacterDevice() && TERMINALS.has((stat.rdev >> 8) & 0xfff);
}

/** `-` for standard output under any of its names, else the path. */
export function dashOf(path: string): string {
  return descriptorOf(path) === 1 ? '-' : path;
}
