import { describeEngine } from './contract.ts';
import { localSubject } from './local-subject.ts';
import { memorySubject } from './memory-subject.ts';

describeEngine('a flat directory', localSubject('flat'));
describeEngine('a sharded directory', localSubject('sharded'));
describeEngine('memory', memorySubject());
describeEngine('memory whose look-ups are unknown', memorySubject({ lookups: 'unknown' }));
