/** `node ingest-child.js STORE TREE OPTIONS`: the library's call with options as JSON; its report on stdout. */
import { type IngestOptions, ingest } from '../src/index.ts';

const [store = '', tree = '', options = '{}'] = process.argv.slice(2);
const report = await ingest(store, [tree], JSON.parse(options) as IngestOptions);
process.stdout.write(JSON.stringify(report));
