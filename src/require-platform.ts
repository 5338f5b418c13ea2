/** Throws where ingot cannot run. The library imports this first, so that nothing else is tried. */
import { IngotError } from './errors.ts';
import { platformObstacle } from './platform.ts';

const why = platformObstacle();
if (why !== undefined)
  throw new IngotError({ what: 'ingot cannot run here', code: 'INGOT_UNSUPPORTED', why });
