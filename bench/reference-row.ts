/** What ours is held against, as a row: its times and the ratio of ours to them, or why not. */
import { type RowHead, ratesOf } from './ingot.ts';
import { type Reference, ratioOf, type Sample, secondsOf } from './method.ts';
import type { CorpusFacts, Row } from './results.ts';

/** With the rates of the tree that both read or write; none without a tree. */
export function referenceRow(
  head: RowHead,
  ours: readonly Sample[],
  theirs: Reference,
  corpus?: CorpusFacts,
): Row {
  if ('lack' in theirs) return { ...head, absent: theirs.lack };
  const seconds = secondsOf(theirs.samples);
  return {
    ...head,
    seconds,
    ...(corpus && ratesOf(corpus.files, corpus.bytes, seconds.median)),
    ratio: { ...ratioOf(ours, theirs.samples), to: head.label },
  };
}
