export { openCheck, openWorkerHalf } from '../src/store/local/in-worker.ts';
