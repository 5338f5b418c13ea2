/** Standard output, whose reader may leave early (`| head`) or whose disk may be full. */
import { failed } from '../errors.ts';
import { isReaderGone } from '../files/standard-streams.ts';

export class Stdout {
  readonly #onReaderGone: () => void;
  #readerGone = false;
  #failure: unknown;

  /** `onReaderGone` is called once, when nobody reads any more; later output is dropped. */
  constructor(onReaderGone: () => void) {
    this.#onReaderGone = onReaderGone;
    process.stdout.on('error', this.#onError);
  }

  write(text: string | Uint8Array): void {
    if (!this.#readerGone && this.#failure === undefined) process.stdout.write(text);
  }

  /** Resolves when it takes more without keeping it in memory, or nobody wants it any more. */
  async ready(): Promise<void> {
    const { stdout } = process;
    if (!stdout.writableNeedDrain || this.#readerGone || this.#failure !== undefined) return;
    await new Promise<void>((resolve) => {
      const events = ['drain', 'error', 'close'];
      const go = () => {
        for (const event of events) stdout.off(event, go);
        resolve();
      };
      for (const event of events) stdout.on(event, go);
    });
  }

  /** Resolves when all is written. Rejects when some could not be, except for a gone reader. */
  async finish(): Promise<void> {
    if (!this.#readerGone && this.#failure === undefined)
      await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
    if (this.#failure !== undefined) throw failed('cannot write to standard output', this.#failure);
  }

  readonly #onError = (error: Error): void => {
    if (!isReaderGone(error)) {
      this.#failure ??= error;
    } else if (!this.#readerGone) {
      this.#readerGone = true;
      this.#onReaderGone();
    }
  };
}
