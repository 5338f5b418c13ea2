import type { Command } from 'commander';
import { packageVersion } from '../places.ts';

/** `ingot version` */
export function addVersion(program: Command): void {
  program.command('version').description('print the version').action(printVersion);
}

export function printVersion(): void {
  process.stdout.write(`${packageVersion()}\n`);
}
