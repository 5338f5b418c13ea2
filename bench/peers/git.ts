import type { Peer } from './peer.ts';
import { programVersion } from './version.ts';

const COMMON = {
  version: programVersion('git', '--version'),
  keeps: 'names and the executable bit, in an index; digests, dedup of whole files',
  environment: { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
  count: 'git --git-dir="$REPO" ls-files -sz | grep -zc ^100',
  digest: 'git --git-dir="$REPO" cat-file blob ":$FILE" | sha256sum',
} as const;

/** Contents as they are, whatever .gitattributes in the tree ask for. */
const INIT = `
  git init --quiet --bare "$REPO"
  git --git-dir="$REPO" config core.compression 0
  git --git-dir="$REPO" config gc.auto 0
  echo '* -text -filter -ident -working-tree-encoding' > "$REPO/info/attributes"`;

const ADD = 'git --git-dir="$REPO" --work-tree="$TREE" add --all --force .';

export const GIT: Peer = {
  ...COMMON,
  name: 'git (batched fsync)',
  settings: 'add --all; core.fsyncMethod=batch, core.fsync=added, core.compression=0, gc.auto=0',
  flush: 'flushes itself: git-config(1), core.fsync advises "added" for git add',
  init: `${INIT}
  git --git-dir="$REPO" config core.fsyncMethod batch
  git --git-dir="$REPO" config core.fsync added`,
  store: ADD,
};

/** Faster than what its documentation advises, and as durable. */
export const GIT_SYNC: Peer = {
  ...COMMON,
  name: 'git + sync -f',
  settings: 'add --all; core.fsync=none, core.compression=0, gc.auto=0',
  flush: 'sync -f inside the measured time',
  init: `${INIT}
  git --git-dir="$REPO" config core.fsync none`,
  store: `${ADD} && sync -f "$REPO"`,
};
