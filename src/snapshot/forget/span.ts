/** A span of time as users give it: `30d`, `12h`, `1y6m`. Days, months and years are the calendar's. */
import { printable, UsageError } from '../../errors.ts';

const SPAN = /^(?=.)(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,4})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?$/;
const HOUR_MS = 3_600_000;

/** The time so long before another, both in milliseconds since 1970. Throws a UsageError. */
export function beforeSpan(time: number, span: string): number {
  const parts = SPAN.exec(span);
  if (parts === null) throw noSpan(span);
  const [years, months, weeks, days, hours] = parts.slice(1).map((part = '0') => Number(part));
  const date = new Date(time);
  const day = date.getDate();
  date.setDate(1);
  date.setMonth(date.getMonth() - 12 * years! - months!);
  // The 31st of a month that has fewer days is its last.
  const last = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate();
  date.setDate(Math.min(day, last) - 7 * weeks! - days!);
  return date.getTime() - hours! * HOUR_MS;
}

function noSpan(span: string): UsageError {
  return new UsageError({
    ...{ what: 'not a span of time', code: 'INGOT_USAGE' },
    why: `${printable(span)} is no number of years, months, weeks, days and hours`,
    hint: "write '30d', '12h' or '1y6m'",
  });
}
