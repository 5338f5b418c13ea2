export {
  openCheck,
  openLook,
  openThreadReader,
  openWorkerHalf,
} from '../src/store/local/in-worker.ts';
