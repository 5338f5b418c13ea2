import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { digestOf } from '../../digest.ts';
import { errnoOf } from '../../errors.ts';
import { counted } from '../../units.ts';
import { printedReport, unexpectedEnd } from '../program.ts';
import { countsText, type Ground, ingestOf } from '../trial.ts';

/** As bytes, each standing for a kind of trouble. */
const NAMES: readonly Buffer[] = [
  ...['plain', '.hidden', ' space ', '-dash', '*[glob]{a,b}?', 'quote\'"$`', 'naïve ☃', '#!\\x'],
  ...['new\nline', 'return\rhere', 'tab\tbell\u0007', 'line\u2028and\u2029paragraph', '-'],
]
  .map((name) => Buffer.from(name))
  .concat([Buffer.from([0x66, 0xff, 0xfe]), Buffer.from([0xc3, 0x28]), Buffer.alloc(255, 'n')]);

/** How the kind of a symbolic link is called. */
const LINK = 'link';

/** What a file system that takes fewer names than ext4 refuses one with. */
const REFUSALS = new Set([
  'EILSEQ',
  'EINVAL',
  'ENAMETOOLONG',
  'EPERM',
  'ENOENT',
  'ENOTSUP',
  'EIO',
  'ENOSYS',
]);

/** Names of every kind, and entries that are no files; the manifest is checked by our own reading. */
export async function tryOddNames(ground: Ground): Promise<void> {
  const { folder, program, ledger } = ground;
  const [source, manifest] = [join(folder, 'source'), join(folder, 'manifest')];
  const expected = makeNames(source);
  const kinds = await makeSpecials(source);
  try {
    const ended = await program.run(ingestOf(ground, [source], '--manifest', manifest));
    const finding =
      unexpectedEnd('an ingest of odd names', ended, 0) ??
      wrongCounts(printedReport(ended), expected.length, kinds.names) ??
      wrongManifest(fs.readFileSync(manifest), expected);
    ledger.judge(6, finding, evidenceOf(expected.length, kinds));
  } finally {
    kinds.close();
  }
}

function evidenceOf(files: number, { names, missing }: Specials): string {
  const exact = `${counted(files, 'odd name')} byte-exact in the manifest`;
  const kinds = names.length === 0 ? '' : `, ${names.join(', ')} counted`;
  const refused =
    missing.length === 0 ? '' : `; not tried, as none can be made here: ${missing.join(', ')}`;
  return `${exact}${kinds}${refused}`;
}

/** Gives the lines of a manifest, unescaped, of those that the file system takes. */
function makeNames(source: string): string[] {
  fs.mkdirSync(join(source, 'empty folder'), { recursive: true });
  return NAMES.flatMap((name, n) => {
    const content = Buffer.from(`content ${n}`);
    try {
      fs.writeFileSync(Buffer.concat([Buffer.from(`${source}/`), name]), content);
    } catch (error) {
      if (REFUSALS.has(errnoOf(error) ?? '')) return [];
      throw error;
    }
    return [`${digestOf(content)}  ${name.toString('latin1')}`];
  }).sort();
}

interface Specials {
  /** The kinds of entries that were made. */
  readonly names: readonly string[];
  /** Those that the file system has not. */
  readonly missing: readonly string[];
  close(): void;
}

/** A link, a fifo and a socket, where they can be made. */
async function makeSpecials(source: string): Promise<Specials> {
  const server = await listenIn(source);
  const fifo = spawnSync('mkfifo', [join(source, 'fifo')], { stdio: 'ignore' });
  const made = { [LINK]: makeLink(source), fifo: fifo.status === 0, socket: server !== undefined };
  const kinds = Object.entries(made);
  return {
    names: kinds.filter(([, isMade]) => isMade).map(([name]) => name),
    missing: kinds.filter(([, isMade]) => !isMade).map(([name]) => name),
    close: () => server?.close(),
  };
}

function makeLink(source: string): boolean {
  try {
    fs.symlinkSync('plain', join(source, 'link'));
    return true;
  } catch (error) {
    if (!REFUSALS.has(errnoOf(error) ?? '')) throw error;
    return false;
  }
}

/** Through /proc, since the path of a socket has 107 bytes at most (unix(7)). */
async function listenIn(folder: string): Promise<net.Server | undefined> {
  const fd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const server = net.createServer().listen(`/proc/self/fd/${fd}/socket`);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function wrongCounts(
  { entries, outcomes, unsupportedKinds }: ReturnType<typeof printedReport>,
  files: number,
  kinds: readonly string[],
): string | undefined {
  const link = kinds.filter((kind) => kind === LINK).length;
  const unsupported = kinds.length - link;
  const wanted = countsText({ entries: files + kinds.length, new: files, link, unsupported });
  const { new: stored, link: links, unsupported: others } = outcomes;
  const found = countsText({ entries, new: stored, link: links, unsupported: others });
  const missing = kinds.find((kind) => kind !== LINK && unsupportedKinds[kind as 'fifo'] !== 1);
  if (found !== wanted) return `an ingest of ${wanted} counted ${found}`;
  return missing && `a ${missing} was not counted`;
}

/** Compares with the manifest, whose escapes are those of sha256sum. */
function wrongManifest(manifest: Buffer, expected: readonly string[]): string | undefined {
  const lines = manifest.toString('latin1').trimEnd().split('\n').map(unescapeLine).sort();
  const wrong = lines.find((line) => !expected.includes(line));
  if (wrong !== undefined) return `the manifest has a line for no file: ${JSON.stringify(wrong)}`;
  const missing = expected.find((line) => !lines.includes(line));
  return missing && `the manifest lacks a file: ${JSON.stringify(missing)}`;
}

function unescapeLine(line: string): string {
  if (!line.startsWith('\\')) return line.replace(/ {2}\.\/-$/, '  -');
  const chars: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };
  return line.slice(1).replace(/\\[\\nr]/g, (sequence) => chars[sequence]!);
}
