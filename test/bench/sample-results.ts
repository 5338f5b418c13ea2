/** Results as a bench run leaves them, with what is odd about real ones and worse. */
import { PHASES } from 'ingot';
import { findingOf } from '../../bench/finding.ts';
import { ON_REQUEST, QUESTIONS } from '../../bench/questions/index.ts';
import type { Answer, Results, Row, Spread } from '../../bench/results.ts';

export const HOSTILE = '/srv/</script><img src=x onerror=alert(1)>/"\'&\u202etree\u0007';
export const HOSTILE_TITLE = '</title></svg><script>document.title = "owned"</script>';

const FILES = 117_745;
const BYTES = 2.44e9;

function spread(median: number, range = 0.08, runs = 5): Spread {
  return { min: median * (1 - range / 2), median, max: median * (1 + range / 2), runs };
}

function timed(label: string, seconds: number, more: Partial<Row> = {}, range?: number): Row {
  return {
    label,
    parameters: {},
    seconds: spread(seconds, range),
    filesPerSecond: FILES / seconds,
    bytesPerSecond: BYTES / seconds,
    ...more,
  };
}

function phases(seconds: number, shares: readonly number[]): Pick<Row, 'stageMs' | 'bottleneck'> {
  const [walk, read, hash, write, barrier, publish] = shares.map((share) => share * 20 * seconds);
  return {
    stageMs: {
      walk: walk!,
      read: read!,
      hash: hash!,
      write: write!,
      barrier: barrier!,
      publish: publish!,
    },
    bottleneck: PHASES[shares.indexOf(Math.max(...shares))]!,
  };
}

const METHOD =
  '5 rounds of whole processes in turn, A B A B, after a warm-up; a new file system before each run, deletion outside the measured time.';

function answer(question: string, asks: string, rows: readonly Row[], method = METHOD): Answer {
  const { finding } = [...QUESTIONS, ...ON_REQUEST].find(({ name }) => name === question)!;
  return { question, asks, finding: findingOf({ finding }, rows), method, rows };
}

const DURABILITY = answer('durability', 'What does durability cost?', [
  timed('none, no flush at all', 3.9, {
    parameters: { durability: 'none' },
    ...phases(3.9, [4, 22, 17, 45, 0, 12]),
  }),
  timed('group, one syncfs for many objects', 4.1, {
    ratio: { ...spread(1.05), to: 'none, no flush at all' },
    parameters: { durability: 'group', barrier: 'syncfs' },
    peakRssBytes: 131e6,
    ...phases(4.1, [3, 21, 16, 41, 9, 10]),
    floor: { label: 'write + rename without flush', distance: 1.31 },
  }),
  timed(
    'group, an fsync of each file by eight at a time',
    11.4,
    {
      ratio: { ...spread(2.92), to: 'none, no flush at all' },
      parameters: { durability: 'group', barrier: 'fsync' },
      peakRssBytes: 133e6,
      ...phases(11.4, [1, 7, 5, 15, 68, 4]),
    },
    0.35,
  ),
  timed('file, fsync before each rename', 24.6, {
    ratio: { ...spread(6.31), to: 'none, no flush at all' },
    parameters: { durability: 'file' },
    ...phases(24.6, [0, 4, 3, 7, 84, 2]),
  }),
]);

const THREADS = answer(
  'threads',
  'How many threads pay?',
  [1, 2, 3, 4, 8].map((threads, index) =>
    timed(
      `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      [6.7, 4.1, 4.3, 4.6, 5.4][index]!,
      {
        ...{ parameters: { threads }, ...phases(4, [3, 21 + index, 16, 41, 9 - index, 10]) },
        ...(index > 0 && {
          ratio: { ...spread([0.61, 0.64, 0.97, 1.2][index - 1]!), to: '1 thread' },
        }),
      },
      0.1,
    ),
  ),
);

const FLOORS = answer('floors', 'How far is an ingest from what the machine can do?', [
  timed('walk only', 0.31),
  timed('walk + stat', 0.62),
  timed('read only', 1.1),
  timed('read + hash', 2.2),
  timed('write + rename without flush', 3.1),
  { label: 'one barrier', parameters: {}, seconds: spread(0.021), figures: { 'dirty MB': 68 } },
  {
    label: 'fsync latency of one file',
    parameters: {},
    seconds: spread(0.000_21),
    figures: { 'p50 µs': 180, 'p99 µs': 1234.5 },
  },
  timed('cp -r + sync', 7.9),
  timed('parallel sha256sum', 2.6),
  timed('ingot ingest, durability group', 4.1, {
    floor: { label: 'write + rename without flush', distance: 1.32 },
  }),
  timed('ingot ingest, all duplicates', 2.5, { floor: { label: 'read + hash', distance: 1.14 } }),
]);

const OURS = { first: 4.1, again: 1.4 } as const;

const PEERS = answer('peers', 'Who is faster, on the first ingest and when nothing has changed?', [
  ...peer('ingot', 4.1, 1.4, 'ingot 0.1.0, --durability group --threads 2'),
  ...peer(
    'git with batched fsync, loose objects in a bare repository made by hash-object',
    31.2,
    2.2,
    'git 2.39.5, core.fsyncMethod=batch, core.compression=0, core.looseCompression=0',
  ),
  ...peer('ostree', 17.8, 17.2, 'libostree 2022.7, bare-user, fsync=true'),
  ...peer('restic', 9.7, 1.9, 'restic 0.14.0, --compression off, --no-scan'),
  ...peer('borg', 12.3, 3.1, 'borg 1.2.4, --compression none'),
  ...peer(
    'a-peer-with-a-name-that-has-no-space-in-it-at-all-and-goes-on-for-longer-than-any-phone-is-wide',
    14.1,
    4.4,
    '1.0',
  ),
  ...peer(HOSTILE_TITLE, 15, 5, HOSTILE),
  { label: 'casync', parameters: {}, absent: 'not installed' },
  {
    label: 'bup',
    parameters: {},
    absent: 'failed with exit code 1: bup: error: no <repo> & no hope',
  },
]);

function peer(name: string, first: number, again: number, settings: string): Row[] {
  const times = { first, again };
  return [
    ...(['first', 'again'] as const).map((run) =>
      timed(`${name}, ${run === 'first' ? 'first ingest' : 'unchanged tree'}`, times[run], {
        ...{ parameters: { peer: name, run }, settings, keeps: `${name}’s names` },
        ...(name !== 'ingot' && { ratio: { ...spread(OURS[run] / times[run]), to: name } }),
      }),
    ),
  ];
}

const LIMITS = [
  answer('cold', 'How long does a durable first ingest take, beside the same work in C?', [
    timed('ingot', 4.1, {
      ...phases(4.1, [3, 21, 16, 41, 9, 10]),
      floor: { label: 'write + rename without flush', distance: 1.31 },
    }),
    limit('limit.c none', 3.9, 1.05, 0.16),
    limit('limit.c syncfs', 7.1, 0.58, 0.35),
  ]),
  answer('duplicates', 'How long does an ingest take that finds all contents stored?', [
    timed('ingot', 2.6, phases(2.6, [6, 48, 40, 0, 0, 6])),
    limit('limit.c hash', 2.2, 1.2),
  ]),
  answer('large', 'How fast are large new files?', [limit('limit.c none', 5, 0.65, 0.5)]),
  answer(
    'put',
    'What does storing one small file cost?',
    [
      { label: 'ingot put', parameters: {}, seconds: spread(0.081) },
      {
        label: 'node -e 0',
        parameters: {},
        seconds: spread(0.0405),
        ratio: { ...spread(2), to: 'node -e 0' },
      },
    ],
    'As the others, with 20 rounds.',
  ),
  answer('verify', 'How fast are objects re-hashed?', [limit('limit.c hash', 2, 1.02, 0.06)]),
];

/** The yardstick's row: its own time, and ours as a ratio to it. */
function limit(label: string, seconds: number, ratio: number, range?: number): Row {
  return timed(label, seconds, { ratio: { ...spread(ratio, range), to: label } });
}

const CALLS = [
  ...['callsAFile', 'openat', 'close', 'read', 'fstat', 'statx', 'write', 'linkat', 'renameat'],
  ...['faccessat2', 'newfstatat', 'clock_gettime', 'epoll_pwait', 'getdents64', 'futex', 'lseek'],
] as const;

const SCALE = answer(
  'scale',
  'What does a file cost as a store grows, and where does the curve bend?',
  [
    ...['flat', 'sharded'].flatMap((layout, index) =>
      [1e4, 1e5, 1e6, 1e7].map((files, step): Row => {
        const perFile = (30 + 2 * step + (index === 0 ? step ** 4 / 3 : step)) * 1e-6;
        return {
          label: `${files.toLocaleString('en')} files, ${layout}`,
          parameters: { files, layout },
          seconds: step < 2 ? spread(perFile * files, 0.12, 3) : spread(perFile * files, 0, 1),
          filesPerSecond: 1 / perFile,
          peakRssBytes: 110e6 + files * (30 + index * 2),
          figures: { microsecondsAFile: perFile * 1e6 },
        };
      }),
    ),
    {
      label: 'flat: where it bends',
      parameters: { layout: 'flat' },
      figures: { bendsAtFiles: 1e7, timesTheLeast: 2.1 },
    },
    {
      label: 'sharded: where it bends',
      parameters: { layout: 'sharded' },
      absent: 'it does not bend at these sizes',
    },
  ],
);

const MICRO = answer('micro', 'What do the inner parts cost that every file goes through?', [
  { label: 'sha256 of 4 KiB', parameters: {}, figures: { nanosecondsMedian: 11_200, 'MB/s': 366 } },
  { label: 'claim', parameters: {}, figures: { nanosecondsMedian: 142.3 } },
]);

/** Calls of a file by name, as few programs have many of. */
const SYSCALLS = answer(
  'syscalls',
  'How many system calls does a small file cost, new and as a duplicate?',
  ['ingot', 'limit.c none', 'limit.c tmpfile', 'limit.c syncfs'].flatMap((program, index) =>
    ['new', 'duplicate'].map((files, run) => ({
      label: `${program}, ${files}`,
      parameters: { program, files },
      figures: Object.fromEntries(
        CALLS.map((call, at) => [call, Math.max(0, 9.016 - index / 7 - run * 3 - at / 1.7)]),
      ),
    })),
  ),
);

const MEMORY = answer(
  'memory',
  'Does memory grow with the number of files?',
  [1e5, 1e6].map((files) =>
    timed(`${files.toLocaleString('en')} files`, files / 3e4, { peakRssBytes: 1e8 + files * 30 }),
  ),
);

const BATCH = answer(
  'batch',
  'How many files should a worker take at a time?',
  [2000, 100, 16_000].map((batchFiles, index) =>
    timed(`${batchFiles} files`, 4 + index, { parameters: { batchFiles } }),
  ),
);

/** All questions that have charts of their own, and some that have not. */
export const SAMPLE: Results = {
  format: 1,
  begunAt: '2026-11-25T01:26:07.123Z',
  machine: {
    cpu: 'AMD EPYC 9R14 96-Core Processor',
    cpus: 2,
    memoryBytes: 16.4e9,
    kernel: 'Linux 6.18.5-cloud-amd64',
    node: '20.20.2',
    ingot: '0.1.0',
    disk: 'ext4 on a loop file in memory',
    pageCache: 'warm',
  },
  corpus: {
    name: HOSTILE,
    files: FILES,
    bytes: BYTES,
    distinctFiles: 83_259,
    distinctBytes: 1.61e9,
  },
  answers: [DURABILITY, THREADS, FLOORS, PEERS, ...LIMITS, SCALE, MEMORY, BATCH, MICRO, SYSCALLS],
};

/** The sample with only these questions asked. */
export function sampleOf(...questions: readonly string[]): Results {
  const answers = SAMPLE.answers.filter(({ question }) => questions.includes(question));
  return { ...SAMPLE, answers };
}
