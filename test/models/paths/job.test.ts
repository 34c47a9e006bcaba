import { job } from './job.ts';
import { prove } from './proof.ts';

prove(job);
