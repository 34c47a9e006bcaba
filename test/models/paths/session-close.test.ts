import { prove } from './proof.ts';
import { sessionClose } from './session-close.ts';

prove(sessionClose);
