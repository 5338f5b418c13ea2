import fs from 'node:fs';
import os from 'node:os';
import type { Arena } from './arena.ts';
import type { Machine } from './results.ts';

export function describeMachine(arena: Arena, cold: boolean): Machine {
  const processors = os.cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    ingot: version(),
    disk: arena.description,
    pageCache: cold ? 'cold' : 'warm',
  };
}

function version(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(fs.readFileSync(path, 'utf8')) as { version: string }).version;
}
