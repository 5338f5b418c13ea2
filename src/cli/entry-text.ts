/** Entries of snapshots, for people and for machines. */
import { printable } from '../errors.ts';
import { secondsText, type Timespec, timespecOf } from '../native/timespec.ts';
import type { Compared } from '../snapshot/diff/side.ts';
import type { Entry } from '../snapshot/entry.ts';
import type { Reference } from '../snapshot/reference.ts';

/** As `ls -l` has it: `drwxr-xr-x`; question marks for what is missing. */
export function modeText(entry: Compared): string {
  if (entry.type === 'missing') return '?---------';
  if (entry.type === 'link') return 'lrwxrwxrwx';
  const { mode } = entry;
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-'));
  for (const [flag, at, letter] of SPECIAL)
    if (mode & flag) bits[at] = bits[at] === '-' ? letter.toUpperCase() : letter;
  return `${entry.type === 'directory' ? 'd' : '-'}${bits.join('')}`;
}

/** setuid, setgid, sticky: in the place of which `x` they stand. */
const SPECIAL = [
  [0o4000, 2, 's'],
  [0o2000, 5, 's'],
  [0o1000, 8, 't'],
] as const;

/** Lines of `ls -l`, without what comes after the time. Columns grow with what they have held. */
export class LongRows {
  readonly #users: ReadonlyMap<number, string>;
  readonly #groups: ReadonlyMap<number, string>;
  readonly #widths = { user: 4, group: 4, size: 9 };

  constructor({ users, groups }: Reference) {
    this.#users = new Map(users);
    this.#groups = new Map(groups);
  }

  of(entry: Compared): string {
    const isOwned = entry.type !== 'missing';
    const user = isOwned ? nameOf(entry.uid, this.#users) : '?';
    const group = isOwned ? nameOf(entry.gid, this.#groups) : '?';
    const size = entry.type === 'file' ? String(entry.size) : '-';
    const widths = this.#widths;
    widths.user = Math.max(widths.user, user.length);
    widths.group = Math.max(widths.group, group.length);
    widths.size = Math.max(widths.size, size.length);
    const owner = `${user.padEnd(widths.user)} ${group.padEnd(widths.group)}`;
    const time = isOwned ? localTime(entry.mtime) : '?';
    return `${modeText(entry)} ${owner} ${size.padStart(widths.size)} ${time.padEnd(TIME_LENGTH)} `;
  }
}

function nameOf(id: number, names: ReadonlyMap<number, string>): string {
  const name = names.get(id);
  return name === undefined ? String(id) : printable(name);
}

const TIME_LENGTH = 'YYYY-MM-DD HH:MM:SS'.length;

/** `2026-11-30 14:02:03`, in the time zone of this machine. */
export function timeText(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The last that a Date can be. */
const MAX_SECONDS = 8_640_000_000_000n;

/** In whole seconds; undefined beyond what calendars have. */
function millisecondsOf({ seconds }: Timespec): number | undefined {
  const isKnown = -MAX_SECONDS <= seconds && seconds <= MAX_SECONDS;
  return isKnown ? 1000 * Number(seconds) : undefined;
}

/** As `ls -l` has it: the number of seconds where no calendar has the time. */
function localTime(mtime: bigint): string {
  const time = timespecOf(mtime);
  const milliseconds = millisecondsOf(time);
  return milliseconds === undefined ? `@${time.seconds}` : timeText(milliseconds);
}

/** To the nanosecond: `touch -d` takes either form. */
function utcTime(mtime: bigint): string {
  const time = timespecOf(mtime);
  const milliseconds = millisecondsOf(time);
  if (milliseconds === undefined) return `@${secondsText(mtime)}`;
  const seconds = new Date(milliseconds).toISOString().slice(0, -'.000Z'.length);
  return `${seconds}.${String(time.nanoseconds).padStart(9, '0')}Z`;
}

export interface LineForm {
  /** Undefined where the name is enough. */
  readonly long: LongRows | undefined;
  /** NUL at the end, and names as they are, in the escaped form of names.ts. */
  readonly isNul: boolean | undefined;
}

/** The line of an entry in a list, with its end. */
export function entryLine(entry: Entry, name: string, { long, isNul }: LineForm): string {
  const show = isNul ? (text: string) => text : printable;
  const to = long !== undefined && entry.type === 'link' ? ` -> ${show(entry.target)}` : '';
  const end = isNul ? '\0' : `${remarkOn(entry)}\n`;
  return `${long?.of(entry) ?? ''}${show(name)}${to}${end}`;
}

/** What follows the name of an entry, for people: nothing of most. */
function remarkOn(entry: Compared): string {
  if (entry.type === 'missing') return ` (missing: ${entry.why})`;
  if (entry.type === 'directory' && entry.lacks !== undefined) return ` (lacks: ${entry.lacks})`;
  return '';
}

/**
 * An entry for machines: names as plain text, modes in octal, times in UTC to the nanosecond, or as
 * `@` and seconds since 1970 where no calendar has them.
 */
export function entryJson(entry: Compared): object {
  if (entry.type === 'missing') return entry;
  const { mtime, xattrs, ...rest } = entry;
  return {
    ...rest,
    ...('mode' in entry ? { mode: entry.mode.toString(8).padStart(4, '0') } : {}),
    mtime: utcTime(mtime),
    xattrs: xattrs?.map(({ name, value }) => ({
      name,
      value: Buffer.from(value).toString('base64'),
    })),
  };
}
