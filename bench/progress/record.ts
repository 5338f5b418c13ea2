/** What a terminal is shown while a command runs: each frame of its progress, with its time. */
import { spawn } from 'node:child_process';
import { IngotError } from '../../src/errors.ts';
import { INGOT } from '../ingot.ts';

export interface Frame {
  /** Milliseconds since the command was started. */
  readonly ms: number;
  readonly text: string;
}

export interface Recording {
  readonly frames: readonly Frame[];
  /** Milliseconds from the start of the process to its end. */
  readonly wallMs: number;
  /** The report that the command prints with --json. */
  readonly report: Readonly<Record<string, unknown>>;
}

const COLUMNS = 120;

/** Runs an ingot command in a terminal of its own, which script(1) makes. Throws an IngotError. */
export async function record(args: readonly string[]): Promise<Recording> {
  const words = [...INGOT, ...args, '--json'].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const command = `stty cols ${COLUMNS} rows 24; exec ${words.join(' ')}`;
  const begun = performance.now();
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm' },
  });
  const frames: Frame[] = [];
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const ms = performance.now() - begun;
    shown += chunk;
    for (const text of linesOf(chunk)) if (IS_FRAME.test(text)) frames.push({ ms, text });
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const wallMs = performance.now() - begun;
  const document = shown.slice(shown.indexOf('{'));
  if (code === 0 && document !== '') return { frames, wallMs, report: JSON.parse(document) };
  throw new IngotError({
    what: 'a recorded command failed',
    code: 'INGOT_BENCH_CHILD',
    why: `${args[0]} ended with ${code}: ${linesOf(shown).at(-1)}`,
  });
}

const IS_FRAME = /\d\/[\d,]+\+? (entries|objects)/;

/** Control sequences of the terminal move to the start of the line, or erase it. */
const CONTROL = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]|[\\r\\n]`);

function linesOf(text: string): string[] {
  return text.split(CONTROL).filter((line) => line.trim() !== '');
}
