import { errnoOf } from '../../errors.ts';
import type { AnyDescriptor } from '../../native/descriptor.ts';
import type { FileStatus } from '../../native/file-status.ts';
import { digestIn, hasXattrs, isLink, sizeIn } from '../../record/entry.ts';
import type { EntryLook } from '../../record/entry-look.ts';
import {
  type DirectoryIdentity,
  KnownEntries,
  type KnownEntry,
  type KnownFile,
  type KnownLink,
  type MatchRules,
  type SameEntry,
} from '../../record/known-entries.ts';
import type { Devices } from '../../sources/devices.ts';
import type { WalkedDirectory } from '../../sources/found-files.ts';
import type { Group } from '../../store/seam/write.ts';
import type { WorkerSetup } from '../messages.ts';

/** Finds the entries that are what an earlier run has recorded: they need not be read. */
export class UnchangedEntries {
  readonly #known: KnownEntries;
  readonly #setup: Pick<WorkerSetup, 'record' | 'wantXattrs'>;
  readonly #devices: Devices;
  /** By device. */
  readonly #rules = new Map<number, MatchRules>();
  #directory = '';
  readonly #look: EntryLook | undefined;
  #isExact = false;

  /** `look`: undefined where entries are looked at through Node. */
  constructor(
    setup: Pick<WorkerSetup, 'record' | 'wantXattrs'>,
    devices: Devices,
    look: EntryLook | undefined,
  ) {
    this.#known = new KnownEntries(setup.record?.known ?? []);
    this.#setup = setup;
    this.#devices = devices;
    this.#look = look;
  }

  /** There is nothing to look for. */
  get isEmpty(): boolean {
    return this.#known.isEmpty;
  }

  /** Blocks of records that could not be used. */
  get damagedBlocks(): number {
    return this.#known.damaged;
  }

  /** What is asked for next lies in this directory. */
  enter({ directory, inTree }: WalkedDirectory, identity: DirectoryIdentity): void {
    this.#directory = directory;
    const { record } = this.#setup;
    this.#isExact = this.#look !== undefined && identity !== undefined && record!.ctimes;
    this.#known.enter(inTree, identity);
  }

  /** All that can be compared counts: what is there is asked for by `same`. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /**
   * An entry that is what it was; of a file the store has its object. `directory`: open. Throws what the
   * group throws.
   */
  same(name: string, directory: AnyDescriptor, group: Group): SameEntry | undefined {
    const same = this.#known.same(name, this.#look!, directory);
    if (same === undefined || isLink(same.entry)) return same;
    const { entry } = same;
    if (this.#setup.wantXattrs && !hasXattrs(entry)) return undefined;
    if (!this.#mustLook(same)) return same;
    return group.lookup(digestIn(entry), sizeIn(entry)) === 'present' ? same : undefined;
  }

  /** Of a file whose object the store has. Throws what the group throws. */
  file(name: string, status: FileStatus, group: Group): KnownFile | undefined {
    const known = this.#known.file(name, status, this.#rulesFor(status));
    if (known === undefined || !this.#mustLook(known)) return known;
    return group.lookup(known.digest, status.size) === 'present' ? known : undefined;
  }

  link(name: string, status: FileStatus): KnownLink | undefined {
    return this.#known.link(name, status, this.#rulesFor(status));
  }

  #mustLook({ mustLook }: KnownEntry): boolean {
    return mustLook || this.#setup.record!.verifyHits;
  }

  #rulesFor({ device }: FileStatus): MatchRules {
    let rules = this.#rules.get(device);
    if (rules === undefined) {
      const { record, wantXattrs: xattrs } = this.#setup;
      const { inodesStay } = this.#devices.relianceOn(device, this.#directory);
      const { inodes, ctimes } = record!;
      rules = { inodes: inodes && inodesStay, ctimes, xattrs, inodesStay };
      this.#rules.set(device, rules);
    }
    return rules;
  }
}

/** Which directory it is; undefined where that cannot be asked, and where inodes do not say so. */
export function identityIn(
  { directory }: WalkedDirectory,
  { record }: Pick<WorkerSetup, 'record'>,
  devices: Devices,
  look: () => FileStatus | undefined,
): DirectoryIdentity {
  if (record === undefined || !record.inodes) return undefined;
  const found = ifAllowed(look);
  if (found === undefined) return undefined;
  return devices.relianceOn(found.device, directory).inodesStay ? found : undefined;
}

/** Undefined where that cannot be asked: whoever opens the entry finds out why. */
export function ifAllowed<Seen>(look: () => Seen | undefined): Seen | undefined {
  try {
    return look();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
