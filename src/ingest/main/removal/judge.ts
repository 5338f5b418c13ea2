import { type FileStatus, isUnchanged } from '../../../native/file-status.ts';
import type { FinishedRecord, RecordedEntry } from '../../../record/finished-record.ts';
import { isRacy, LOCAL_RACE_MS, REMOTE_RACE_MS } from '../../../record/racy.ts';
import type { FileEntry, LinkEntry } from '../../../snapshot/entry.ts';
import type { Devices, Reliance } from '../../../sources/devices.ts';
import type { StayedEntry } from '../../removal.ts';
import type { Expected } from './remove-name.ts';
import { tooYoung, unsure } from './stays.ts';

/** What an entry was when its content was read; its device is that of its directory. */
export type RecordedStatus = RecordedEntry['status'];

/** What a run's own record proves of the entries of its snapshot. */
export class Judge {
  readonly #record: Pick<FinishedRecord, 'begun' | 'enter' | 'find'>;
  readonly #devices: Devices;

  constructor(record: Pick<FinishedRecord, 'begun' | 'enter' | 'find'>, devices: Devices) {
    this.#record = record;
    this.#devices = devices;
  }

  /** Undefined where nothing is recorded that proves what it was. */
  find(entry: FileEntry | LinkEntry): RecordedStatus | undefined {
    const end = entry.path.lastIndexOf('/');
    this.#record.enter(entry.path.slice(0, Math.max(0, end)));
    const recorded = this.#record.find(entry.path.slice(end + 1));
    if (recorded === undefined || !recorded.isSure) return undefined;
    const isIt =
      entry.type === 'file'
        ? recorded.digest === entry.digest && recorded.status.size === entry.size
        : recorded.target === entry.target;
    return isIt ? recorded.status : undefined;
  }

  /** Why nothing is recorded of what is now. `directory`: its path. */
  whyNot(path: string, now: FileStatus, directory: string): StayedEntry {
    const raceMs = this.#reliance(now, directory).timesAreLocal ? LOCAL_RACE_MS : REMOTE_RACE_MS;
    const look = { from: this.#record.begun, to: Date.now() };
    return isRacy(now, look, raceMs) ? tooYoung(path) : unsure(path);
  }

  /** What is still what it was, ctime included: whatever the run itself was told to ignore. */
  expected(recorded: RecordedStatus, directory: string): Expected {
    const inodesStay = (now: FileStatus) => this.#reliance(now, directory).inodesStay;
    return { inodesStay, isIt: (now) => isAsRecorded(recorded, now, inodesStay(now)) };
  }

  #reliance({ device }: FileStatus, directory: string): Reliance {
    return this.#devices.relianceOn(device, directory);
  }
}

/** True when nothing shows that a file is another one, or was written to. */
function isAsRecorded(recorded: RecordedStatus, now: FileStatus, inodesStay: boolean): boolean {
  return (
    isUnchanged({ ...recorded, device: now.device }, now) &&
    recorded.mode === now.mode &&
    (!inodesStay || (recorded.inode === now.inode && recorded.inodeLow === now.inodeLow))
  );
}
