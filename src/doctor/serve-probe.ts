/** What a process that probes for a doctor does with what it is asked. */
import { type Failure, failed, failureOf } from '../errors.ts';
import { diskFullHint } from '../files/disk-full.ts';

/** Errors lose their code between processes: they travel as data. */
export type ProbeReply<Sample> =
  | { readonly status: 'done'; readonly sample: Sample }
  | { readonly status: 'failed'; readonly failure: Failure };

/** Answers requests one by one until the doctor is gone. `what`: the words for a failure. */
export function serveProbe<Request, Sample>(
  what: string,
  folder: string,
  probe: (request: Request) => Promise<Sample>,
): void {
  // The doctor answers those who ask all of its processes (`systemctl kill -s USR1`).
  for (const name of ['SIGUSR1', 'SIGUSR2'] as const) process.on(name, () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', async (request: Request) => {
    process.send?.(await answer());

    async function answer(): Promise<ProbeReply<Sample>> {
      try {
        return { status: 'done', sample: await probe(request) };
      } catch (error) {
        const hint = diskFullHint(error, folder);
        const described = failed(what, error, { path: folder, hint });
        return { status: 'failed', failure: failureOf(what, described) };
      }
    }
  });
}
