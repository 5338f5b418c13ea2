import { BORG } from './borg.ts';
import { BUP } from './bup.ts';
import { CACACHE } from './cacache.ts';
import { CASYNC } from './casync.ts';
import { CP } from './cp.ts';
import { FPSYNC } from './fpsync.ts';
import { GIT, GIT_SYNC } from './git.ts';
import { MKSQUASHFS } from './mksquashfs.ts';
import { OSTREE } from './ostree.ts';
import type { Peer } from './peer.ts';
import { PNPM_STORE } from './pnpm-store.ts';
import { RCLONE } from './rclone.ts';
import { RESTIC } from './restic.ts';
import { RSYNC } from './rsync.ts';

export const PEERS: readonly Peer[] = [
  CP,
  RSYNC,
  FPSYNC,
  RCLONE,
  MKSQUASHFS,
  GIT,
  GIT_SYNC,
  OSTREE,
  RESTIC,
  BORG,
  BUP,
  CASYNC,
  CACACHE,
  PNPM_STORE,
];
