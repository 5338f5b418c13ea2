/** Which encoding a text file of paths or patterns has, as far as its bytes show. */

const UTF8_MARK = Buffer.from('\ufeff');
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** True for the first bytes of a text that may turn out to begin with a byte order mark. */
export function mayBecomeMark(bytes: Buffer): boolean {
  return [UTF8_MARK, ...UTF16_MARKS].some(
    (mark) => bytes.length < mark.length && mark.subarray(0, bytes.length).equals(bytes),
  );
}

/** Without the byte order mark that editors put before UTF-8 text. */
export function withoutMark(bytes: Buffer): Buffer {
  return startsWith(bytes, UTF8_MARK) ? bytes.subarray(UTF8_MARK.length) : bytes;
}

/** True for text that begins with the byte order mark of UTF-16. */
export function hasUtf16Mark(bytes: Buffer): boolean {
  return UTF16_MARKS.some((mark) => startsWith(bytes, mark));
}

/** True also without a mark, when the first line looks like it. */
export function isUtf16(bytes: Buffer): boolean {
  const newline = bytes.indexOf(0x0a);
  return hasUtf16Mark(bytes) || isUtf16Line(bytes.subarray(0, newline < 0 ? undefined : newline));
}

/** Two letters. */
const MIN_LINE = 4;

/**
 * True for a line without its newline of which every other byte is NUL, as in plain letters of
 * UTF-16. Names that are separated by NUL bytes are longer, and have no newlines.
 */
export function isUtf16Line(line: Buffer): boolean {
  if (line.length < MIN_LINE) return false;
  const nulsAt = line[0] === 0 ? 0 : 1;
  return line.every((byte, at) => (byte === 0) === (at % 2 === nulsAt));
}

export const AS_UTF8 = 'save it as UTF-8 (iconv -f UTF-16 -t UTF-8)';

function startsWith(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}
