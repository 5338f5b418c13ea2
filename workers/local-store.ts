export { openCheck, openThreadReader, openWorkerHalf } from '../src/store/local/in-worker.ts';
