/** A command in a session of its own goes on when its terminal is closed: nobody sends it SIGHUP. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { demandTerminal } from '../harness/mounts.ts';
import { script, tempsIn } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

let cwd: string;
beforeEach((context) => {
  demandTerminal(context);
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'other', list: { fifo: true } });
});

/** Runs a command that waits for the list of its sources until its terminal is closed. */
function afterClosing(command: string): number {
  fs.writeFileSync(join(cwd, 'command'), `${command}\necho $? > code.new; mv code.new code\n`);
  const { code } = script(
    `script -qec 'setsid -f bash command; while ! [ -e begun ]; do sleep 0.02; done' /dev/null
    echo src > list
    while ! [ -e code ]; do sleep 0.02; done`,
    { cwd, timeout: 50_000 },
  );
  expect(code).toBe(0);
  return Number(fs.readFileSync(join(cwd, 'code'), 'utf8'));
}

it.each([
  ['', 0],
  ['-v', 0],
  ['--json=events', 0],
  ['--manifest -', 0],
])('an ingest stores all and ends well: %s', (options, code) => {
  const ingest = `$INGOT ingest --files-from list --store s ${options}`;
  // The terminal is closed when the ingest has it and waits.
  const begin = '(while ! [ -e s/.ingot ]; do sleep 0.02; done; touch begun) &';
  expect(afterClosing(`${begin} ${ingest}`)).toBe(code);
  expect(fs.existsSync(join(cwd, 's', HELLO))).toBe(true);
  expect(tempsIn(join(cwd, 's'))).toEqual([]);
});

it.each([
  ['that begins only then stores all and ends well', 'ingest --files-from copy --store s', 0],
  ['that only prints ends like one whose reader is gone', 'stats --store full', 141],
  ['that gives a content back does, too', `get ${HELLO} --store full`, 141],
  ['of which only the help is wanted does, too', '--help', 141],
])('a command %s', (_, args, code) => {
  script('$INGOT ingest src --store full', { cwd });
  expect(afterClosing(`touch begun; cat list > copy; $INGOT ${args}`)).toBe(code);
});
