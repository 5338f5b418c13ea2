/** Which encoding a text file of paths or patterns has, as far as its bytes say so. */

const UTF8_MARK = Buffer.from('\ufeff');
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** As many bytes as have to be there before a mark is looked for. */
export const MARK_BYTES = 3;

/** Without the byte order mark that editors put before UTF-8 text. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, MARK_BYTES).equals(UTF8_MARK) ? bytes.subarray(MARK_BYTES) : bytes;
}

/** True for text that begins with the byte order mark of UTF-16. */
export function hasUtf16Mark(bytes: Buffer): boolean {
  return UTF16_MARKS.some((mark) => bytes.subarray(0, 2).equals(mark));
}

/** True also without a mark, when the first line looks like it. */
export function isUtf16(bytes: Buffer): boolean {
  const newline = bytes.indexOf(0x0a);
  return hasUtf16Mark(bytes) || isUtf16Line(bytes.subarray(0, newline < 0 ? undefined : newline));
}

/**
 * True for a line without its newline of which every other byte is NUL, as in plain letters of
 * UTF-16. Names that are separated by NUL bytes are longer, and have no newlines.
 */
export function isUtf16Line(line: Buffer): boolean {
  const nulFirst = line[0] === 0;
  return (
    line.length >= MIN_LINE &&
    line.every((byte, at) => (byte === 0) === (nulFirst === (at % 2 === 0)))
  );
}

/** Two letters. */
const MIN_LINE = 4;
