import { fileURLToPath } from 'node:url';

/** What a script needs to start a program that lies beside this file: `"$NODE" "$CHILD"`. */
export function childEnvironment(program: string): Readonly<Record<string, string>> {
  return { NODE: process.execPath, CHILD: fileURLToPath(new URL(program, import.meta.url)) };
}
