/** The places where a run can be made to fail: taken from a recorded run without faults. */
import { FAMILIES, type Family } from './fault-matrix.ts';

/** One system call of a run, told from all others by its name, a path and its turn. */
export interface Site {
  readonly syscall: string;
  /** The first path in it. */
  readonly path: string;
  /** It is the call of this name on this path that its thread makes so many-th. */
  readonly when: number;
  readonly role: Role;
  readonly creates: boolean;
  readonly occurrence: 'first' | 'middle' | 'last' | 'only';
}

/** What a path is to a run. */
export type Role = (typeof ROLES)[number][0];

/** Below the folder that holds all of a trial. The first that matches counts. */
const ROLES = [
  ['parent', /^$/],
  ['source', /^\/source(\/[^/]*)*$/],
  ['manifest', /^\/out(\/.*)?$/],
  ['store', /^\/store$/],
  ['metadata', /^\/store\/\.ingot$/],
  ['format', /^\/store\/\.ingot\/store\.json/],
  ['generation', /^\/store\/\.ingot\/generation/],
  ['store lock', /^\/store\/\.ingot\/lock$/],
  ['large index', /^\/store\/\.ingot\/large$/],
  ['relayout lock', /^\/store\/\.ingot\/relayout\.lock$/],
  ['snapshot folder', /^\/store\/\.ingot\/(segments|snapshots)$/],
  ['segment', /^\/store\/\.ingot\/segments\/[0-9a-f]{64}$/],
  ['reference', /^\/store\/\.ingot\/snapshots\/[^/]+$/],
  ['quarantine', /^\/store\/\.ingot\/quarantine/],
  ['lock', /^\/store\/\.tmp-\w+\/lock$/],
  ['temp folder', /^\/store\/\.tmp-\w+(\/\d+)?$/],
  ['temp', /^\/store\/\.tmp-\w+\/\d+\/\d+$/],
  ['shard', /^\/store\/[0-9a-f]{2}$/],
  ['object', /^\/store\/([0-9a-f]{2}\/)?[0-9a-f]{64}$/],
] as const;

/**
 * Of every family the first, middle and last call on each role. `calls` are the lines of strace
 * with `-y`; only what touches a path below `root` counts, so Node's own start is left out.
 */
export function sitesOf(calls: readonly string[], root: string): Map<Family, Site[]> {
  const turns = new Map<string, number>();
  const found = new Map<Family, Map<Role, Omit<Site, 'occurrence'>[]>>();
  for (const call of calls) {
    const [, thread, syscall] = /^(\d+) +(\w+)\(/.exec(call) ?? [];
    const path = firstPath(call);
    const family = FAMILIES.find(({ syscalls }) => syscalls.includes(syscall ?? ''));
    const role = roleOf(path, root);
    if (syscall === undefined || path === undefined || family === undefined || role === undefined)
      continue;
    const turn = `${thread} ${syscall} ${path}`;
    const when = (turns.get(turn) ?? 0) + 1;
    turns.set(turn, when);
    const byRole = found.get(family) ?? new Map<Role, Omit<Site, 'occurrence'>[]>();
    const creates = call.includes('O_CREAT');
    byRole.set(role, [...(byRole.get(role) ?? []), { syscall, path, when, role, creates }]);
    found.set(family, byRole);
  }
  return new Map([...found].map(([family, roles]) => [family, [...roles.values()].flatMap(ends)]));
}

/** Of arguments or descriptors, but not of the result. */
function firstPath(call: string): string | undefined {
  const body = call.replace(/AT_FDCWD<[^>]*>/, '').replace(/ = [^=]*$/, '');
  return /["<](\/[^">]*)[">]/.exec(body)?.[1];
}

function roleOf(path: string | undefined, root: string): Role | undefined {
  // strace takes `source/.` for `source`, too.
  if ((path !== root && !path?.startsWith(`${root}/`)) || path.endsWith('/.')) return undefined;
  const below = path.slice(root.length);
  return ROLES.find(([, pattern]) => pattern.test(below))?.[0];
}

function ends(sites: readonly Omit<Site, 'occurrence'>[]): Site[] {
  if (sites.length === 1) return [{ ...sites[0]!, occurrence: 'only' }];
  const middle =
    sites.length > 2 ? [{ ...sites[sites.length >> 1]!, occurrence: 'middle' as const }] : [];
  return [
    { ...sites[0]!, occurrence: 'first' },
    ...middle,
    { ...sites.at(-1)!, occurrence: 'last' },
  ];
}
