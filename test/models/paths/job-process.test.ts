import { jobProcess } from './job-process.ts';
import { prove } from './proof.ts';

prove(jobProcess);
