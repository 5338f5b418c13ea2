#!/usr/bin/env node
import { exactArguments } from './arguments.ts';
import { run } from './program.ts';

await run(exactArguments(process.argv.slice(2)));
