/** What it costs to look at a large snapshot, and to make one. */
import fs from 'node:fs';
import path from 'node:path';
import { IngotError } from '../../src/errors.ts';
import { CHILD_FAILED } from '../children.ts';
import type { CorpusDescription } from '../corpus/description.ts';
import { pathOf } from '../corpus/plan.ts';
import { firstIngest, INGOT, ingestCommand, ingesting, ingestRow, storeIn } from '../ingot.ts';
import { alternate, type Contender, measure, peakRssOf, secondsOf } from '../method.ts';
import { dropCachesIfCold } from '../prepare.ts';
import type { Context } from '../question.ts';
import { referenceRow } from '../reference-row.ts';
import type { Row } from '../results.ts';
import { wordsFor } from './trees.ts';

/** Runs of some 0.2 s: more of them cost little and calm the median. */
const ROUNDS_FACTOR = 4;
/** Files whose content is another one in the second snapshot. */
const CHANGES = 10;

/** What each of them is held against: starting Node at all. */
export const NODE = 'node -e 0';

interface Look {
  /** `ls of a directory` */
  readonly name: string;
  readonly args: readonly string[];
  /** What it has to print. */
  readonly prints: readonly string[];
}

/** One ingest, then `ls`, `cat` and `diff` of what it and a second one recorded, beside Node. */
export async function* lookRows(
  given: Context,
  description: CorpusDescription,
): AsyncGenerator<Row> {
  const { tree, facts } = await given.corpora.make(description);
  const context = { ...given, tree, corpus: facts };
  const words = wordsFor(description, facts);
  const parameters = { files: facts.files, tree: words };
  const first = await measure(firstIngest(context));
  yield ingestRow({ label: `ingot ingest, ${words}`, parameters }, [first], {}, []);
  const changed = changeFiles(context, description);
  await measure(ingesting(ingestCommand(context, tree)));
  given.corpora.drop(description);

  const looks = looksAt(description, changed);
  const node: Contender = {
    command: [process.execPath, '-e', '0'],
    prepare: () => dropCachesIfCold(context),
  };
  const contenders = looks.map((look) => contenderOf(context, look));
  const samples = await alternate([...contenders, node], context.rounds * ROUNDS_FACTOR);
  const nodes = samples.at(-1)!;
  for (const [index, { name }] of looks.entries()) {
    const ours = samples[index]!;
    const peakRssBytes = peakRssOf(ours);
    yield {
      label: `ingot ${name}, ${words}`,
      parameters,
      seconds: secondsOf(ours),
      ...(peakRssBytes !== undefined && { peakRssBytes }),
    };
    const label = `${NODE}, beside ${name}, ${words}`;
    const head = { label, parameters: { ...parameters, look: name } };
    yield referenceRow(head, ours, { samples: nodes });
  }
}

/** Gives their paths in the tree. */
function changeFiles({ tree, corpus }: Context, { folders }: CorpusDescription): string[] {
  const paths = Array.from({ length: CHANGES }, (_, change) =>
    pathOf(Math.floor((change / CHANGES) * corpus.files), folders),
  );
  for (const each of paths) fs.writeFileSync(path.join(tree, each), `changed ${each}`);
  return paths;
}

function looksAt({ folders }: CorpusDescription, changed: readonly string[]): Look[] {
  const file = changed[CHANGES / 2]!;
  const list: Look = {
    name: 'ls of a directory',
    args: ['ls', `latest:${path.dirname(file)}`],
    prints: [path.basename(file)],
  };
  return [
    ...(folders.depth > 0 ? [list] : []),
    { name: 'cat of a file', args: ['cat', `latest:${file}`], prints: [`changed ${file}`] },
    {
      name: `diff with ${CHANGES} files changed`,
      args: ['diff', 'latest~1', 'latest'],
      prints: changed,
    },
  ];
}

function contenderOf(context: Context, { args, prints }: Look): Contender {
  const command = [...INGOT, ...args, '--store', storeIn(context)] as const;
  return {
    command,
    prepare: () => dropCachesIfCold(context),
    check: (stdout) => {
      const missing = prints.find((each) => !stdout.includes(each));
      if (missing === undefined) return;
      const why = `it does not print ${missing}`;
      throw new IngotError({ what: `${command.join(' ')} failed`, code: CHILD_FAILED, why });
    },
  };
}
