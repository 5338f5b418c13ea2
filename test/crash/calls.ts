/** What a run did to the files below one directory: strace's log as typed calls. */
import { bytesOf, parseStrace, type RawCall, type Span } from '../../src/selftest/strace-log.ts';

export type Action =
  | {
      readonly name: 'open';
      readonly path: string;
      readonly fd: number;
      readonly creates: boolean;
      readonly appends: boolean;
      /** A new file without a name (O_TMPFILE); the path is not to be found. */
      readonly nameless?: true;
    }
  | { readonly name: 'close'; readonly fd: number }
  /** `at` is undefined where the descriptor's own offset counts. */
  | {
      readonly name: 'write';
      readonly fd: number;
      readonly bytes: Buffer;
      readonly at: number | undefined;
    }
  /** FICLONE: the whole content of the file open as `source`. */
  | { readonly name: 'clone'; readonly fd: number; readonly source: number }
  | { readonly name: 'truncate'; readonly fd: number; readonly size: number }
  | { readonly name: 'mkdir' | 'unlink' | 'rmdir'; readonly path: string }
  /** A link may come from `/proc/self/fd/21`: a file without a name. */
  | { readonly name: 'rename' | 'link'; readonly from: string; readonly to: string }
  /** fsync and fdatasync, of a file or a directory. */
  | { readonly name: 'flush'; readonly fd: number; readonly path: string }
  | { readonly name: 'syncfs' }
  /** The first word of success to the user: output, or the exit with 0. */
  | { readonly name: 'acknowledge' };

export type Call = Action & Span;

/** For strace's `-e trace=`; those marked `?` are not on every machine. */
export const TRACED =
  '?open,openat,?creat,write,pwrite64,writev,pwritev,pwritev2,?mkdir,mkdirat,?rename,?renameat,' +
  'renameat2,?link,linkat,?unlink,unlinkat,?rmdir,?symlink,symlinkat,?mknod,mknodat,truncate,' +
  'ftruncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,syncfs,sync,close,ioctl,exit_group';

/**
 * The calls that succeeded and bear on files below `root`, in the order of their ends. Throws on
 * one that changes a file in a way that is not known here: a model that left it out would lie.
 */
export function readCalls(log: string, root: string): Call[] {
  const calls: Call[] = [];
  for (const raw of parseStrace(log)) {
    const action = raw.result.startsWith('-1 ') ? undefined : actionOf(raw, root);
    if (action === undefined) continue;
    if (raw.result.startsWith('?') && action.name !== 'acknowledge')
      throw new Error(`a call was cut off, so what it did is not known: ${raw.name}(${raw.args})`);
    calls.push({ ...action, begun: raw.begun, ended: raw.ended });
  }
  return calls;
}

function actionOf(call: RawCall, root: string): Action | undefined {
  if (call.name === 'exit_group') return call.args[0] === '0' ? { name: 'acknowledge' } : undefined;
  if (call.name === 'write' && fdOf(call.args[0]) === 1) return { name: 'acknowledge' };
  const isBelow = (path: string) => path === root || path.startsWith(`${root}/`);
  const [path, other] = pathsOf(call);
  if (path !== undefined)
    return isBelow(path) || (other !== undefined && isBelow(other))
      ? pathAction(call, path, other)
      : undefined;
  return isBelow(pathOfFd(call.args[call.name === 'copy_file_range' ? 2 : 0]))
    ? fdAction(call)
    : undefined;
}

/** The paths among the arguments, each made absolute by the directory before it, if there is one. */
function pathsOf({ name, args, result }: RawCall): string[] {
  if (['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'].includes(name)) return [];
  // What was opened, also by a path such as /proc/self/fd/7.
  if (result.includes('</')) return [pathOfFd(result)];
  return args.flatMap((arg, n) => {
    if (!arg.startsWith('"')) return [];
    // With AT_EMPTY_PATH what counts is the descriptor itself.
    if (arg === '""') return [`/proc/self/fd/${fdOf(args[n - 1])}`];
    const path = bytesOf(arg).toString();
    return [path.startsWith('/') ? path : `${pathOfFd(args[n - 1])}/${path}`];
  });
}

function pathAction(call: RawCall, path: string, other: string | undefined): Action {
  const { name, args, result } = call;
  const flags = args.find((arg) => /^O_/.test(arg)) ?? '';
  switch (name.replace(/at2?$/, '')) {
    case 'open':
      if (/O_TRUNC/.test(flags) && !/O_EXCL/.test(flags)) throw unknownCall(call);
      return {
        name: 'open',
        path,
        fd: fdOf(result),
        creates: flags.includes('O_CREAT'),
        appends: flags.includes('O_APPEND'),
        ...(flags.includes('O_TMPFILE') ? { nameless: true } : {}),
      };
    case 'mkdir':
    case 'rmdir':
      return { name: name.startsWith('mk') ? 'mkdir' : 'rmdir', path };
    case 'unlink':
      return { name: args.includes('AT_REMOVEDIR') ? 'rmdir' : 'unlink', path };
    case 'rename':
    case 'link':
      if (args.some((arg) => /^RENAME_(?!NOREPLACE$)/.test(arg))) throw unknownCall(call);
      return { name: name.startsWith('r') ? 'rename' : 'link', from: path, to: other! };
    default:
      throw unknownCall(call);
  }
}

function fdAction(call: RawCall): Action | undefined {
  const { name, args, result } = call;
  const fd = fdOf(args[0]);
  switch (name) {
    case 'close':
      return { name, fd };
    case 'write':
    case 'pwrite64': {
      const bytes = bytesOf(args[1]!).subarray(0, Number(result));
      return { name: 'write', fd, bytes, at: name === 'write' ? undefined : Number(args[3]) };
    }
    case 'ftruncate':
      return { name: 'truncate', fd, size: Number(args[1]) };
    case 'fsync':
    case 'fdatasync':
      return { name: 'flush', fd, path: pathOfFd(args[0]) };
    case 'syncfs':
      return { name };
    case 'ioctl':
      if (!/FICLONE\b|BTRFS_IOC_CLONE\b/.test(args[1]!)) return undefined;
      return { name: 'clone', fd, source: fdOf(args[2]) };
    default:
      throw unknownCall(call);
  }
}

/** `21</path>` or `21</path>(deleted)`, as strace -y writes a descriptor. */
function pathOfFd(arg = ''): string {
  return /^(?:\d+|AT_FDCWD)<(.*)>(?:\(deleted\))?$/s.exec(arg)?.[1] ?? '';
}

function fdOf(arg = ''): number {
  return Number.parseInt(arg, 10);
}

function unknownCall({ name, args }: RawCall): Error {
  return new Error(
    `a call that the model does not know: ${name}(${args.join(', ').slice(0, 200)})`,
  );
}
