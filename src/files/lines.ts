/** Lines of a file, with where they lie in it. */

export interface Line {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** Where the line begins, and where the one after it does. */
  readonly from: number;
  readonly to: number;
}

export interface LinesOptions {
  /** Where in the file the input begins. */
  readonly from: number;
  /** Called for a line of more bytes than this, by which memory is bounded. */
  readonly most: number;
  readonly tooLong: () => never;
}

const NEWLINE = 0x0a;

/** As many lines at a time as a read brings; the last one may have no newline. */
export async function* linesOf(
  input: AsyncIterable<Buffer>,
  { from, most, tooLong }: LinesOptions,
): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let at = from;
  for await (const read of input) {
    const bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
    const lines: Line[] = [];
    let begin = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      lines.push({ bytes: bytes.subarray(begin, end), from: at + begin, to: at + end + 1 });
      begin = end + 1;
    }
    rest = bytes.subarray(begin);
    at += begin;
    if (rest.length > most) tooLong();
    yield lines;
  }
  if (rest.length > 0) yield [{ bytes: rest, from: at, to: at + rest.length }];
}
