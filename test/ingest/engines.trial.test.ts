/** The same as engines.test.ts, with other numbers of threads. */
import { describeIngest } from './engine-trials.ts';

for (const threads of [1, 8]) describeIngest(threads);
