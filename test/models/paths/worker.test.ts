import { prove } from './proof.ts';
import { worker } from './worker.ts';

prove(worker);
