import { serveFlushes } from '../src/doctor/flush-server.ts';

serveFlushes(process.argv[2]!);
