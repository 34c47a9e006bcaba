import { processPool } from './process-pool.ts';
import { prove } from './proof.ts';

prove(processPool);
