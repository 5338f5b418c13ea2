import { expect, it, vi } from 'vitest';
import type { TestModule, TestSpecification } from 'vitest/node';
import { FileCount } from './file-count.ts';

const module = (name: string, duration: number) =>
  ({ relativeModuleId: name, diagnostic: () => ({ duration }) }) as TestModule;

it('a run without a terminal says every ten seconds how far it is, and at its end', () => {
  let now = 0;
  const lines: string[] = [];
  const count = new FileCount(
    (line) => lines.push(line),
    () => now,
  );
  count.onTestRunStart(Array<TestSpecification>(4));
  for (now of [1_000, 11_000, 12_000, 13_500]) count.onTestModuleEnd();
  expect(lines).toEqual(['2 of 4 files, 11.0 s', '4 of 4 files, 13.5 s']);
});

it('in CI the slowest ten files are named, the slowest first', () => {
  vi.stubEnv('CI', 'true');
  const lines: string[] = [];
  const modules = Array.from({ length: 12 }, (_, n) => module(`f${n}`, n * 1000));
  new FileCount((line) => lines.push(line)).onTestRunEnd(modules);
  vi.unstubAllEnvs();
  expect(lines).toHaveLength(11);
  expect(lines.slice(0, 3)).toEqual([
    'the slowest 10 of 12 files:',
    '  11.0 s  f11',
    '  10.0 s  f10',
  ]);
});
