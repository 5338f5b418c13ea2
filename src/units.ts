/** Numbers as people read them. Bytes are decimal throughout: 1 MB is 1,000,000 bytes. */

/** `117,745` */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count with its noun: `1 entry`, `2 entries`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `999 B`, `1.50 kB`, `24.3 MB`, `1,234 PB`: three digits, never rounded up to 1000 of a unit. */
export function bytes(value: number): string {
  let unit = 0;
  let scaled = value;
  while (unit < UNITS.length - 1 && scaled >= (unit === 0 ? 1000 : 999.5)) {
    scaled /= 1000;
    unit++;
  }
  if (unit === 0 || scaled >= 99.95) return `${count(scaled)} ${UNITS[unit]}`;
  return `${scaled.toFixed(scaled >= 9.995 ? 1 : 2)} ${UNITS[unit]}`;
}

/** Bytes a second, in MB/s whatever the size, so that rates compare at a glance. */
export function byteRate(perSecond: number): string {
  const megabytes = perSecond / 1e6;
  return `${megabytes >= 99.95 ? count(megabytes) : megabytes.toFixed(1)} MB/s`;
}

/** A wall time: `0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 03 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${count(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} min`;
}

/** A short wait, three digits: `6.41 µs`, `1.90 ms`, `38.2 ms`, `412 ms`, `3.20 s`. */
export function latency(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 0.1) return threeDigits(milliseconds * 1000, 'µs');
  if (milliseconds >= 999.5) return duration(milliseconds);
  return threeDigits(milliseconds, 'ms');
}

function threeDigits(value: number, unit: string): string {
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** A ratio: `1.6 times`, `48 times`. */
export function times(ratio: number): string {
  return `${ratio >= 9.95 ? count(ratio) : ratio.toFixed(1)} times`;
}

/** A time left: `0:07`, `12:30`, `3:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = twoDigits(whole % 60);
  return hours > 0 ? `${count(hours)}:${twoDigits(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/** A share of 1 in percent: `37 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
