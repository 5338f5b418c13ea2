import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Digest, digestOf } from '../../src/digest.ts';
import type { FileOps } from '../../src/files/file-ops.ts';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { readAheadLimits } from '../../src/read-ahead/choice.ts';
import type { Layout } from '../../src/store/choices.ts';
import { LocalEngine } from '../../src/store/local/engine.ts';
import { openCheck } from '../../src/store/local/in-worker.ts';
import { createStore } from '../../src/store/local/on-disk/create-store.ts';
import { listObjects, objectPath } from '../../src/store/local/on-disk/layout.ts';
import { LocalVerifier } from '../../src/store/local/verifier.ts';
import type { MainHalf } from '../../src/store/seam/write.ts';
import { type OpenOptions, openStore, type Store } from '../../src/store/store.ts';
import {
  type VerifyOptions,
  type VerifyReport,
  verifyStore,
} from '../../src/store/verify/verify-run.ts';
import { temporaryDirectory } from './tree.ts';

/** An empty store. */
export function tempStore(layout: Layout = 'flat'): string {
  const root = join(temporaryDirectory(), 'store');
  createStore(root, layout);
  return root;
}

/** `Store.open` with the file operations to use. */
export function openStoreWith(
  ops: FileOps,
  root: string,
  options: OpenOptions = {},
): Promise<Store> {
  return openStore(new LocalEngine(root, ops), options);
}

/** Ends a writer that went well. */
export async function finish(main: MainHalf): Promise<void> {
  await main.flush();
  await main.end('done');
}

/** A verify without threads. */
export async function verifyHere(
  root: string,
  options: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  const verifier = new LocalVerifier(root, options.quarantine ?? false);
  const check = await openCheck(verifier.worker.init, readAheadLimits(0, 1));
  const runBatch = async (digests: readonly Digest[]) => check(digests, () => {});
  return verifyStore(verifier, { threads: 1, runBatch, ...options });
}

/** Puts bytes under the digest of a content that may be another: a planted object. */
export function plant(
  root: string,
  layout: Layout,
  content: string | Buffer,
  bytes: string | Buffer = content,
): Digest {
  const digest = digestOf(Buffer.from(content));
  fs.writeFileSync(objectPath(root, layout, digest), bytes, { mode: 0o444 });
  return digest;
}

/** Plants many objects and gives their digests, sorted. */
export function plantMany(root: string, layout: Layout, count: number): Digest[] {
  return Array.from({ length: count }, (_, n) => plant(root, layout, `content ${n}`)).sort();
}

/** What a store lists, sorted. */
export async function listed(store: Store): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const digest of store.list()) digests.push(digest);
  return digests.sort();
}

export function listSorted(root: string, layout: Layout): Digest[] {
  return [...listObjects(root, layout)].sort();
}

/** The names at the top of a store that are neither objects nor metadata nor shards. */
export function strayNames(root: string): string[] {
  return fs.readdirSync(root).filter((name) => !/^([0-9a-f]{64}|[0-9a-f]{2}|\.ingot)$/.test(name));
}

/** The C library of a machine that has only rename(2), which goes through the seam. */
export async function libcWithoutRenameNew(): Promise<Libc> {
  return { ...(await loadLibc())!, renameNew: () => undefined };
}

export function errno(code: string, syscall = 'test'): Error {
  return Object.assign(new Error(`${code}: injected`), { code, syscall });
}

export interface Call {
  readonly name: keyof FileOps;
  /** The path the call was given, or the one its descriptor was opened with. */
  readonly path: string;
}

/** Real file operations that are written down, and fail where `fault` gives an error. */
export function recordingOps(fault: (call: Call) => Error | undefined = () => undefined) {
  const calls: Call[] = [];
  const opened = new Map<unknown, string>();
  const note = (name: keyof FileOps, first: unknown) => {
    const call = { name, path: typeof first === 'number' ? opened.get(first)! : String(first) };
    calls.push(call);
    const error = fault(call);
    if (error !== undefined) throw error;
  };
  const wrap = (name: keyof FileOps) => {
    const real = fs[name as keyof typeof fs] as (...args: unknown[]) => unknown;
    const wrapped = (...args: unknown[]) => {
      note(name, args[0]);
      const result = real.apply(fs, args);
      if (name === 'openSync') opened.set(result, String(args[0]));
      return result;
    };
    const asynchronous = async (...args: unknown[]) => {
      note(name, args[0]);
      return (promisify(real) as (...args: unknown[]) => Promise<unknown>)(...args);
    };
    return Object.assign(wrapped, { [promisify.custom]: asynchronous });
  };
  const ops = new Proxy(fs, {
    get: (_, name) => (name in fs ? wrap(name as keyof FileOps) : undefined),
  }) as unknown as FileOps;
  return {
    ops,
    calls,
    /** How often a call was made, on paths that match. */
    count: (name: keyof FileOps, path = /./) =>
      calls.filter((call) => call.name === name && path.test(call.path)).length,
  };
}
