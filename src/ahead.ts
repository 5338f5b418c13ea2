/**
 * Begins work on up to `most` items before their turn comes, and gives the results in order. The
 * first failure ends it, in its turn.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const begun: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // It is looked at in its turn; until then it is no unhandled rejection.
      result.catch(() => {});
      if (begun.push(result) >= most) yield await begun.shift()!;
    }
    while (begun.length > 0) yield await begun.shift()!;
  } finally {
    await Promise.allSettled(begun);
  }
}
