export { openCheck, openLook, openWorkerHalf } from '../src/store/local/in-worker.ts';
