/** What a selftest found, for people: a line for each guarantee. */
import { printable } from '../errors.ts';
import { type GuaranteeReport, KILLED_IN, type SelftestReport } from '../selftest/report.ts';
import { counted, duration } from '../units.ts';

/** Some lines, each ended by a newline. */
export function describeSelftest(report: SelftestReport): string {
  const { directory, fileSystem, barrier, guarantees, outside, wallMs } = report;
  const lines = [
    row('directory', `${printable(directory)} on ${fileSystem.type}`),
    row('barrier', `${barrier.value}: ${barrier.why}`),
    row('kills', killsOf(report)),
    '',
    ...guarantees.flatMap(verdictLines),
    '',
    ...outside.map((limit) => row('outside', limit)),
    row('took', duration(wallMs)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The verdict stands in one line with what was found, or why it was not tried. */
function verdictLines({ number, guarantee, verdict, evidence }: GuaranteeReport): string[] {
  const line = row(verdict, `${number}. ${guarantee}`);
  if (verdict !== 'kept') return [`${line}: ${evidence.join('; ')}`];
  return [line, ...evidence.map((each) => row('', `   ${each}`))];
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)}  ${text}`;
}

function killsOf({ kills }: SelftestReport): string {
  const sum = KILLED_IN.reduce((total, phase) => total + kills[phase], 0);
  const phases = KILLED_IN.map((phase) => `${phase} ${kills[phase]}`).join(', ');
  return `${counted(sum, 'ingest')} killed: ${phases}`;
}
