/** The name of a snapshot: `20261130T140203Z-3f2a9c1e`, the time in UTC and a random number. */
import crypto from 'node:crypto';

const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{8}$/;
const SECOND = 1000;

/** True for the exact spelling of an id, of a second that there is. */
export function isSnapshotId(text: string): text is string {
  const time = timeOfId(text);
  return time !== undefined && stampOf(time) === text.slice(0, STAMP_LENGTH);
}

const STAMP_LENGTH = 16;

/**
 * An id for a snapshot that is made now, in milliseconds since 1970. It sorts behind the newest one
 * that is there, also after the clock went back: it names the second after that one then. `random`
 * gives a whole number below 2^32.
 */
export function newId(now: number, newest: string | undefined, random = randomNumber): string {
  const id = idOf(now, random());
  if (newest === undefined || id > newest) return id;
  return idOf(timeOfId(newest)! + SECOND, random());
}

function idOf(time: number, random: number): string {
  return `${stampOf(time)}-${random.toString(16).padStart(8, '0')}`;
}

/** Milliseconds since 1970; undefined for what is spelt otherwise. */
function timeOfId(id: string): number | undefined {
  const parts = ID.exec(id)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second] = parts;
  return new Date(0).setUTCFullYear(year!, month! - 1, day) + timeOfDay(hour!, minute!, second!);
}

function timeOfDay(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * SECOND;
}

function stampOf(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function randomNumber(): number {
  return crypto.randomBytes(4).readUInt32BE();
}
