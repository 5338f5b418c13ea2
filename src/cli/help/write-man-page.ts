/** A step of the build: writes the man page to dist/, where package.json names it for npm. */
import fs from 'node:fs';
import { packageVersion } from '../../places.ts';
import { buildProgram } from '../program.ts';
import { manPage } from './man-page.ts';
import { outlineOf } from './outline.ts';

const FOLDER = new URL('../../../man/', import.meta.url);

fs.mkdirSync(FOLDER, { recursive: true });
fs.writeFileSync(
  new URL('ingot.1', FOLDER),
  manPage(outlineOf(await buildProgram([])), packageVersion()),
);
