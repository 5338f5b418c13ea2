/**
 * `node pnpm-store-child.js store REPO TREE | count REPO | digest REPO FILE`. As pnpm's own worker
 * does for a package: contents into the store, then a JSON file that tells where each one lies.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createCafs } from '@pnpm/store.cafs';
import { regularFiles } from './regular-files.ts';

interface Share {
  readonly repo: string;
  readonly tree: string;
  readonly files: readonly string[];
  readonly index: string;
}

interface Stored {
  readonly mode: number;
  readonly size: number;
  readonly integrity: string;
  readonly filePath: string;
}

type Index = Readonly<Record<string, Stored>>;

function addShare({ repo, tree, files, index }: Share): void {
  const { filesIndex } = createCafs(repo).addFilesFromDir(tree, { files: [...files] });
  const stored: Record<string, Stored> = {};
  for (const [name, { mode, size, integrity, filePath }] of Object.entries(filesIndex as Index))
    stored[name] = { mode, size, integrity: integrity.toString(), filePath };
  fs.mkdirSync(path.dirname(index), { recursive: true });
  fs.writeFileSync(`${index}.new`, JSON.stringify(stored));
  fs.renameSync(`${index}.new`, index);
}

/** Every n-th file, so that the shares are about as large. */
async function store(repo: string, tree: string): Promise<void> {
  const files = [...regularFiles(tree)].map(({ name }) => name.toString());
  const workers = os.availableParallelism();
  const shares = Array.from(
    { length: workers },
    (_, n): Share => ({
      repo,
      tree,
      files: files.filter((_, at) => at % workers === n),
      index: path.join(repo, 'index', `${n}.json`),
    }),
  );
  await Promise.all(shares.map(addInWorker));
}

function addInWorker(share: Share): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: share });
    worker.once('error', reject).once('exit', () => resolve());
  });
}

/** Of all shares. */
function readIndex(repo: string): Index {
  const folder = path.join(repo, 'index');
  const shares = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name)));
  return Object.assign({}, ...shares.map((share) => JSON.parse(share.toString()) as Index));
}

const [verb, repo = '', operand = ''] = process.argv.slice(2);
if (!isMainThread) addShare(workerData as Share);
else if (verb === 'store') await store(repo, operand);
else if (verb === 'count') console.log(Object.keys(readIndex(repo)).length);
else {
  const content = fs.readFileSync(readIndex(repo)[operand]!.filePath);
  console.log(createHash('sha256').update(content).digest('hex'));
}
