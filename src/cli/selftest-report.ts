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
function verdictLines({ number, guarantee, verdict, told }: GuaranteeReport): string[] {
  const line = row(verdict, `${number}. ${guarantee}`);
  if (verdict !== 'kept') return [`${line}: ${told.join('; ')}`];
  return [line, ...told.map((evidence) => row('', `   ${evidence}`))];
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)}  ${text}`;
}

function killsOf({ kills }: SelftestReport): string {
  const sum = KILLED_IN.reduce((total, stage) => total + kills[stage], 0);
  const stages = KILLED_IN.map((stage) => `${stage} ${kills[stage]}`).join(', ');
  return `${counted(sum, 'ingest')} killed: ${stages}`;
}
