/** Text in a drawing: nothing measures it there, so its width is guessed, and rather too wide. */
import { printable } from '../../src/errors.ts';

/** Pixels, at the 12 px of the charts' text. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (char.codePointAt(0)! >= 0x1100) return 13;
  if (/[MW%@mw÷×]/.test(char)) return 11;
  return /[A-Z]/.test(char) ? 8.8 : 6.9;
}

/** Lines no wider than `room` pixels, broken between words, and inside a word that has to be. */
export function wrap(text: string, room: number): string[] {
  const lines = [''];
  for (const word of printable(text).split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') appendBroken(lines, word, room);
    else if (widthOf(`${line} ${word}`) <= room) lines[lines.length - 1] = `${line} ${word}`;
    else {
      lines.push('');
      appendBroken(lines, word, room);
    }
  }
  return lines;
}

function appendBroken(lines: string[], word: string, room: number): void {
  for (const char of word) {
    if (widthOf(lines.at(-1)! + char) > room) lines.push('');
    lines[lines.length - 1] += char;
  }
}
