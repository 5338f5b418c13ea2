import fs from 'node:fs';
import { join } from 'node:path';
import { type Digest, digestOf } from '../../digest.ts';
import { otherObjects, wrongObjects } from '../checks.ts';
import { type Ended, printedReport, unexpectedEnd } from '../program.ts';
import { smallContents, writeFiles } from '../tree.ts';
import { type Ground, ingestOf, storeOf } from '../trial.ts';

const FILES = 60;

/** Damages objects behind the program's back: it has to notice what it promises to notice. */
export async function tryHits(ground: Ground): Promise<void> {
  const { folder, program, ledger } = ground;
  const contents = smallContents('hits', FILES);
  const [source, store] = [join(folder, 'source'), storeOf(folder)];
  const expected = writeFiles(source, contents);
  const victim = contents.at(-1)!;
  const digest = digestOf(victim);
  const path = join(store, digest);
  const ingest = (...options: string[]) => program.run(ingestOf(ground, [source], ...options));
  const intact = async () => (await wrongObjects(store)) ?? otherObjects(store, expected);

  const finding =
    unexpectedEnd('an ingest', await ingest(), 0) ??
    plant(path, victim.subarray(0, victim.length >> 1)) ??
    notRepaired(await ingest(), digest, 'an object that was cut short') ??
    plant(path, flipped(victim)) ??
    notRepaired(await ingest('--verify-hits'), digest, 'with --verify-hits a changed object') ??
    (await intact()) ??
    plant(path, flipped(victim)) ??
    notFound(await verify(ground), digest) ??
    notFound(await verify(ground, '--quarantine'), digest) ??
    (fs.existsSync(path) ? 'verify --quarantine left a damaged object in its place' : undefined) ??
    notStoredAnew(await ingest()) ??
    (await intact()) ??
    unexpectedEnd('verify of a sound store', await verify(ground), 0);
  ledger.judge(
    4,
    finding,
    'a planted object of another size was repaired on a hit; one of the same size was found by verify, quarantined and stored anew',
  );
}

const verify = ({ program, folder }: Ground, ...options: string[]) =>
  program.run(['verify', '--store', storeOf(folder), '--json', '--no-progress', ...options]);

/** Puts a file in an object's place: what others hold open of it keeps its bytes. */
function plant(path: string, bytes: Buffer): undefined {
  fs.unlinkSync(path);
  fs.writeFileSync(path, bytes, { mode: 0o444 });
}

function flipped(content: Buffer): Buffer {
  const bytes = Buffer.from(content);
  bytes[bytes.length >> 1]! ^= 1;
  return bytes;
}

function notRepaired(ended: Ended, digest: Digest, what: string): string | undefined {
  const failure = unexpectedEnd('an ingest over a damaged object', ended, 0);
  if (failure !== undefined) return failure;
  return printedReport(ended).repaired.includes(digest) ? undefined : `${what} was not repaired`;
}

function notFound(ended: Ended, digest: Digest): string | undefined {
  const failure = unexpectedEnd('verify of a damaged store', ended, 4);
  if (failure !== undefined) return failure;
  const { objects } = JSON.parse(ended.stdout) as { objects: { digest: string }[] };
  const found = objects.map((object) => object.digest).join();
  return found === digest ? undefined : `verify found ${found || 'nothing'} instead of ${digest}`;
}

function notStoredAnew(ended: Ended): string | undefined {
  const failure = unexpectedEnd('an ingest after a quarantine', ended, 0);
  if (failure !== undefined) return failure;
  const stored = printedReport(ended).outcomes.new;
  return stored === 1
    ? undefined
    : `after a quarantine ${stored} contents were stored instead of 1`;
}
