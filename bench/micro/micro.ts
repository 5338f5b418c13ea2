/** One thing that is done again and again in one process. */
export interface Micro {
  readonly label: string;
  /** Gives its result, so that it is not optimized away. */
  run(): unknown;
}
