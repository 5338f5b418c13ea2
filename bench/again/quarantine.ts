/** A quarantine and what follows it, by which the store is another one to whoever knew its objects. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { EXIT } from '../../src/cli/fail.ts';
import { digestOf } from '../../src/digest.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { INGOT, ingestCommand, ingesting, storeIn } from '../ingot.ts';
import { measure } from '../method.ts';
import type { Context } from '../question.ts';
import { addTo, placesIn } from './places.ts';

/** Of an object of the other source, which is whole again in the end. */
export async function quarantineOne(context: Context): Promise<void> {
  const { other } = placesIn(context);
  addTo(other);
  await measure(ingesting(ingestCommand(context, other)));
  damage(objectOfFirst(other, storeIn(context)));
  const options = ['--store', storeIn(context), '--threads', `${context.threads}`, '-q'];
  const verify = [...INGOT, 'verify', '--quarantine', ...options, '--no-progress'] as const;
  // Without damage it would exit with 0 and leave all as it was.
  await measure({ command: verify, accepts: [EXIT.damaged] });
  await measure(ingesting(ingestCommand(context, other, ['--verify-hits'])));
}

function objectOfFirst(folder: string, store: string): string {
  const [first] = fs.readdirSync(folder).sort();
  const content = fs.readFileSync(path.join(folder, first!));
  return objectPath(store, 'flat', digestOf(content));
}

function damage(object: string): void {
  const { size, mode } = fs.statSync(object);
  fs.chmodSync(object, 0o600);
  fs.writeFileSync(object, randomBytes(size));
  fs.chmodSync(object, mode);
}
