/** Lines that checksum tools read. */
import type { Digest } from '../digest.ts';

/**
 * `<hex>  <path>`, as sha256sum of coreutils 9 prints it: a path with a backslash, a newline or a
 * carriage return has them escaped, and a backslash heads its line. A file called `-` is written as
 * `./-`, since `sha256sum -c` would read standard input for it.
 */
export function checksumLine(digest: string, path: Buffer): Buffer {
  const name = path.toString('latin1');
  const escaped = name.replace(/[\\\n\r]/g, (char) => ESCAPES[char]!);
  const mark = escaped === name ? '' : '\\';
  return Buffer.from(`${mark}${digest}  ${name === '-' ? './-' : escaped}\n`, 'latin1');
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };

/**
 * A line of the manifest of a bag (RFC 8493, 2.1.3): the path of a payload file, in which line feed,
 * carriage return and percent sign are percent-encoded. `path` is UTF-8.
 */
export function bagLine(digest: Digest, path: Buffer): Buffer {
  const name = path.toString('latin1').replace(/[\n\r%]/g, (char) => PERCENT[char]!);
  return Buffer.from(`${digest}  data/${name}\n`, 'latin1');
}

const PERCENT: Record<string, string> = { '\n': '%0A', '\r': '%0D', '%': '%25' };
