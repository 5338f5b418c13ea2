import fs from 'node:fs';
import type { Command } from 'commander';
import { PACKAGE_FILE } from '../places.ts';

/** `ingot version` */
export function addVersion(program: Command): void {
  program.command('version').description('print the version').action(printVersion);
}

export function printVersion(): void {
  process.stdout.write(`${version()}\n`);
}

/** What package.json says. */
export function version(): string {
  return (JSON.parse(fs.readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
}
