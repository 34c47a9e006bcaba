/** Every machine's proof. */
import { job } from './job.ts';
import { jobProcess } from './job-process.ts';
import { processPool } from './process-pool.ts';
import type { Proof } from './proof.ts';
import { registration } from './registration.ts';
import { sessionClose } from './session-close.ts';
import { session } from './session.ts';
import { worker } from './worker.ts';

/** In the order in which they are told. */
export const proofs: Proof[] = [
  registration,
  worker,
  job,
  processPool,
  jobProcess,
  session,
  sessionClose,
];
