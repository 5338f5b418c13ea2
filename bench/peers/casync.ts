import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

const OPTIONS = '--digest=sha256 --store="$REPO/store.castr"';

export const CASYNC: Peer = {
  name: 'casync',
  version: programVersion('casync', '--version'),
  settings: 'make --with=unix --digest=sha256; zstd, its fastest compression: it cannot do without',
  keeps: 'names, modes, owners, times, links, in an index; dedup of chunks; compresses',
  flush: 'it never flushes: sync -f inside the measured time',
  init: 'mkdir "$REPO"',
  store: `casync make ${OPTIONS} --with=unix --compression=zstd \\
      --exclude-nodump=no "$REPO/tree.caidx" "$TREE"
    sync -f "$REPO"`,
  count: `casync list ${OPTIONS} "$REPO/tree.caidx" | grep -ac ^-`,
  digest: `casync mtree ${OPTIONS} "$REPO/tree.caidx" \\
    | grep -aF "$FILE type=file" | sed 's/.*sha256digest=//'`,
};
