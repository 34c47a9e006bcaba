import { prove } from './proof.ts';
import { registration } from './registration.ts';

prove(registration);
