import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { joinPath, toFsPath } from '../../src/names.ts';
import { PAGE_BYTES } from '../../src/native/aligned-buffer.ts';

export type TreeEntry =
  | string
  | Buffer
  | { readonly symlink: string }
  | { readonly fifo: true }
  | { readonly socket: true }
  | { readonly directory: true }
  | { readonly sparse: Buffer };

/**
 * Paths in a tree and what is there; directories on the way are made. A byte that is not UTF-8 is
 * written as names.ts escapes it: `\udcff` is the byte 0xff.
 */
export type TreeLiteral = Readonly<Record<string, TreeEntry>>;

/** A new empty directory that goes away with the test. */
export function temporaryDirectory(parent = os.tmpdir()): string {
  const root = fs.mkdtempSync(path.join(parent, 'ingot-test-'));
  onTestFinished(() => {
    // rm(1), because fs.rmSync gives up on paths longer than PATH_MAX.
    if (spawnSync('rm', ['-rf', root]).status === 0) return;
    // A user without root has locked itself out of folders of its own.
    execFileSync('chmod', ['-R', 'u+rwX', root]);
    execFileSync('rm', ['-rf', root]);
  });
  return root;
}

/** One on a tmpfs, if there is one: inodes stay there, which they do not on overlayfs. */
export function directoryInMemory(): string {
  return temporaryDirectory(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir());
}

/** Creates the tree below `root`, a new temporary directory unless given. Returns `root`. */
export function makeTree(tree: TreeLiteral, root = temporaryDirectory()): string {
  for (const [name, entry] of Object.entries(tree)) makeEntry(joinPath(root, name), entry);
  return root;
}

function makeEntry(at: string, entry: TreeEntry): void {
  const target = toFsPath(at);
  fs.mkdirSync(toFsPath(at.slice(0, at.lastIndexOf('/'))), { recursive: true });
  if (typeof entry === 'string' || Buffer.isBuffer(entry)) fs.writeFileSync(target, entry);
  else if ('symlink' in entry) fs.symlinkSync(entry.symlink, target);
  else if ('directory' in entry) fs.mkdirSync(target, { recursive: true });
  else if ('sparse' in entry) writeSparse(target, entry.sparse);
  else if ('fifo' in entry) execFileSync('mkfifo', [at]);
  else listenAt(at);
}

/** Pages of zeros become holes. */
function writeSparse(target: string | Buffer, bytes: Buffer): void {
  const fd = fs.openSync(target, 'wx');
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const page = bytes.subarray(at, at + PAGE_BYTES);
    if (page.some((byte) => byte !== 0)) fs.writeSync(fd, page, 0, page.length, at);
  }
  fs.ftruncateSync(fd, bytes.length);
  fs.closeSync(fd);
}

function listenAt(at: string): void {
  const server = net.createServer().listen(at);
  onTestFinished(() => void server.close());
}
