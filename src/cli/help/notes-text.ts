import type { Notes } from './note-parts.ts';

const WIDTH = 80;

/** As text that comes after the options, at most 80 columns wide. */
export function notesText({ more = [], examples, exits }: Notes): string {
  const codes = Math.max(...exits.map(([code]) => code.length));
  const lines = [
    ...more.flatMap((text) => ['', ...wrapped(text)]),
    '',
    'Examples:',
    ...examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
    '',
    'Exit codes:',
    ...exits.map(([code, means]) => `  ${code.padEnd(codes)}  ${means}`),
  ];
  return lines.join('\n');
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
