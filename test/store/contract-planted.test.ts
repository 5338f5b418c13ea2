/** A contract that finds nothing proves little: each clause has to find an engine that breaks it. */
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../dist/src/store/seam/engine.js';
import type { Fault, Subject } from './contract/subject.ts';
import { CLAUSES } from './contract.ts';
import { MemoryPlace, memorySubject } from './memory-subject.ts';
import { WRONG_HOLDS } from './planted/holds.ts';
import { override } from './planted/override.ts';
import { WRONG_MODULE, WRONG_STORES } from './planted/stores.ts';
import { WRONG_WRITERS, type Wrong } from './planted/writers.ts';

/** By what groups do (planted/groups.ts): a clause that finds it. */
const WRONG_GROUPS: Readonly<Record<string, string>> = {
  'shows what is staged': 'what is staged is not visible before its commit',
  'loses the last content of a commit': 'what is committed is there, whole',
  'takes any name': 'a reference is called by letters',
  'keeps the buffers of its callers': 'a caller may use its buffer anew',
  'takes one commit': 'a group goes on after a commit',
  'finds nothing': 'a look-up finds what was there',
  'finds everything': 'a look-up finds what was there',
  'looks at no size': 'a look-up is by size',
  'discards nothing': 'discard drops what was staged',
  'loses the end of a stream': 'a stream that is kept is there, whole',
  'drops all with a stream': 'one that is dropped goes alone',
  'stays full': 'a group that was full is not after its commit',
  'commits all groups that are open': 'groups that are open at once keep to themselves',
  'refuses what was committed before': 'one content in two groups',
  'counts its cost backwards': 'its cost is counted from 0 on',
  'calls repaired what was there': 'stays whole, and is not repaired',
  'tells of its last commit alone': 'settled tells of all commits',
  'never tells what was there': 'settled tells of each later one',
  'knows no samples': 'a large content is known by its sample',
  'ignores a rejection': "fails as 'full', and what was there stays",
  'calls for two things at once': 'a group calls for one thing at a time',
  'has a stageClone that shares nothing': 'a group shares blocks with a source exactly where',
  'lets one worker in': 'workers of one writer work side by side',
};

class WrongPlace extends MemoryPlace {
  readonly #wrong: Wrong;

  constructor(wrong: Wrong) {
    super();
    this.#wrong = wrong;
  }

  override engine(fault?: Fault): Engine {
    const engine = super.engine(fault);
    return override(engine, this.#wrong(engine, this.store));
  }
}

function subjectOf(wrong: Wrong): Subject {
  return { ...memorySubject(), newPlace: () => new WrongPlace(wrong) };
}

interface Planted {
  readonly defect: string;
  readonly finds: string;
  readonly subject: Subject;
}

const PLANTED: readonly Planted[] = [
  ...Object.entries(WRONG_GROUPS).map(([defect, finds]) => ({
    defect,
    finds,
    subject: memorySubject({ groups: { module: WRONG_MODULE, defect } }),
  })),
  ...Object.entries({ ...WRONG_WRITERS, ...WRONG_HOLDS, ...WRONG_STORES }).map(
    ([defect, [wrong, finds]]) => ({
      defect,
      finds,
      subject: subjectOf(wrong),
    }),
  ),
];

/** Those of the clauses that a defect is planted for which find it. */
async function finding({ finds, subject }: Planted): Promise<readonly string[]> {
  return check(
    subject,
    CLAUSES.filter(({ says }) => says.includes(finds)),
  );
}

/** The clauses that an engine breaks. */
async function check(subject: Subject, clauses = CLAUSES): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { says, check } of clauses) {
    try {
      await check(subject.newPlace(), subject);
    } catch {
      broken.push(says);
    }
  }
  return broken;
}

describe('the contract', () => {
  it('finds nothing in a sound engine', async () => {
    expect(await check(memorySubject())).toEqual([]);
    expect(await check(subjectOf(() => ({})))).toEqual([]);
  });

  it.each(PLANTED)('finds an engine that $defect', async (planted) => {
    expect(await finding(planted)).not.toEqual([]);
  });

  it('has no clause without a defect of its own, which it finds', async () => {
    const found = new Set((await Promise.all(PLANTED.map(finding))).flat());
    expect(CLAUSES.map(({ says }) => says).filter((says) => !found.has(says))).toEqual([]);
  });
});
