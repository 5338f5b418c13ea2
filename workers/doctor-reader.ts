import { serveReads } from '../src/doctor/read-server.ts';

serveReads(process.argv[2]!);
