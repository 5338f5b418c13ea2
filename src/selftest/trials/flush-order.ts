import fs from 'node:fs';
import { join } from 'node:path';
import { counted } from '../../units.ts';
import { unexpectedEnd } from '../program.ts';
import { runTraced } from '../strace.ts';
import type { RawCall } from '../strace-log.ts';
import { seededBytes, smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

const FILES = 300;
const LARGE_BYTES = 3 << 20;
const WRITES = ['write', 'pwrite64', 'writev', 'pwritev', 'ioctl', 'copy_file_range', 'sendfile'];
const NAMINGS = ['rename', 'renameat', 'renameat2', 'linkat'];
const FLUSHES = ['fsync', 'fdatasync', 'syncfs'];

/** The order of write, flush, naming and directory flush in a real run, as the kernel got them. */
export async function tryFlushOrder(ground: Ground): Promise<void> {
  const { folder, program, ledger, straceObstacle } = ground;
  if (straceObstacle !== undefined) return ledger.notTried(2, straceObstacle);
  const source = join(folder, 'source');
  writeFiles(source, smallContents('order', FILES));
  fs.writeFileSync(join(source, 'large'), seededBytes('order', LARGE_BYTES));
  const trace = ['-e', `trace=${[...WRITES, ...NAMINGS, ...FLUSHES, 'openat']}`];
  const run = () => runTraced(program, ingestOf(ground, [source]), folder, trace);
  const first = await run();
  const failure = unexpectedEnd('an ingest under strace', first, 0);
  if (failure !== undefined) return ledger.judge(2, failure, '');
  const published = first.calls.filter(isPublication);
  ledger.judge(
    1,
    tooFew(published) ?? namedTooEarly(first.calls),
    `under strace each of ${counted(published.length, 'object')} was written, then flushed, then named`,
  );
  judgeNames(ground, notFlushed(first.calls, folder) ?? hitsNotFlushed((await run()).calls));
}

/** On a file system in memory the order is right, and means nothing. */
function judgeNames({ ledger, fileSystem }: Ground, finding: string | undefined): void {
  const evidence =
    "under strace the directory was flushed after the last name, a new store's own entry and the names of duplicates, too";
  if (fileSystem === 'tmpfs' && finding === undefined)
    ledger.notTried(2, 'tmpfs is memory: nothing on it survives a power cut');
  else ledger.judge(2, finding, evidence);
}

/** Not a segment of a snapshot. */
const OBJECT = /(?<!\/segments)\/[0-9a-f]{64}"$/;
/** Its number, or the name that the kernel gives a file without one: `#12`. */
const TEMP = /\.tmp-[0-9a-f]+\/\d+\/#?\d+(?=[">])/;

function isPublication({ name, args, result }: RawCall): boolean {
  return NAMINGS.includes(name) && result === '0' && args.some((arg) => OBJECT.test(arg));
}

function tempOf(args: readonly string[]): string | undefined {
  return TEMP.exec(args.join())?.[0];
}

const isFlush = ({ name, result }: RawCall) => FLUSHES.includes(name) && result === '0';

function tooFew(published: readonly RawCall[]): string | undefined {
  return published.length === FILES + 1
    ? undefined
    : `${published.length} objects instead of ${FILES + 1} got their names`;
}

function namedTooEarly(calls: readonly RawCall[]): string | undefined {
  const written = new Map<string, RawCall>();
  const opened = new Map<number, string | undefined>();
  const named: { temp: string | undefined; naming: RawCall }[] = [];
  for (const call of calls) {
    if (call.name === 'openat') opened.set(Number.parseInt(call.result, 10), tempOf([call.result]));
    const temp = WRITES.includes(call.name) ? tempOf(call.args.slice(0, 1)) : undefined;
    if (temp !== undefined) written.set(temp, call);
    if (!isPublication(call)) continue;
    // What has no name gets one by its descriptor.
    const fd = /^"\/proc\/self\/fd\/(\d+)"$/.exec(call.args[1] ?? '')?.[1];
    const from = fd === undefined ? tempOf(call.args) : opened.get(Number(fd));
    named.push({ temp: from, naming: call });
  }
  const flushes = calls.filter(isFlush);
  const early = named.find(({ temp, naming }) => {
    if (temp === undefined) return true;
    const last = written.get(temp)?.ended ?? 0;
    const covers = ({ name, args, begun, ended }: RawCall) =>
      begun > last && ended < naming.begun && (name === 'syncfs' || tempOf(args) === temp);
    return !flushes.some(covers);
  });
  return (
    early && `an object got its name before its bytes were flushed: ${early.naming.args.at(-1)}`
  );
}

/** The directory after the last name; for a new store also the folders that lead to it. */
function notFlushed(calls: readonly RawCall[], folder: string): string | undefined {
  const last = calls.findLast(isPublication)?.ended ?? 0;
  if (!flushed(calls, storeOf(folder), last))
    return 'the directory was not flushed after the last object got its name';
  const above = [join(storeOf(folder), '.ingot'), folder];
  const missing = above.find((path) => !flushed(calls, path, 0));
  return missing && `a new store's own entry was not flushed: ${missing}`;
}

function hitsNotFlushed(calls: readonly RawCall[]): string | undefined {
  const directory = calls.some((call) => isFlush(call) && /\/store>$/.test(call.args[0]!));
  return directory ? undefined : 'the directory was not flushed for duplicates';
}

/** By the end of the path: strace writes what comes before it with escapes. */
function flushed(calls: readonly RawCall[], path: string, after: number): boolean {
  const end = `/${path.split('/').slice(-2).join('/')}>`;
  return calls.some((call) => isFlush(call) && call.begun > after && call.args[0]!.endsWith(end));
}
