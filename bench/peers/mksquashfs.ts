import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

export const MKSQUASHFS: Peer = {
  name: 'mksquashfs',
  version: programVersion('mksquashfs', '-version'),
  settings: '-noI -noD -noF -noX (no compression) -no-xattrs; packs an unchanged tree anew',
  keeps: 'names, modes, owners, times, links, in one image; dedup of whole files, no digests',
  flush: 'it never flushes: sync -f inside the measured time',
  init: 'mkdir "$REPO"',
  store: `mksquashfs "$TREE" "$REPO/image" -noappend -noI -noD -noF -noX -no-xattrs \\
      -quiet -no-progress
    sync -f "$REPO"`,
  count: `unsquashfs -lln "$REPO/image" | grep -ac ^-`,
  digest: 'unsquashfs -no-wildcards -cat "$REPO/image" "$FILE" | sha256sum',
};
