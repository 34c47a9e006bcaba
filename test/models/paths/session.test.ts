import { prove } from './proof.ts';
import { session } from './session.ts';

prove(session);
