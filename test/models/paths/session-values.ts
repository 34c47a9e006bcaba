/** Values that paths of session and session close share. */
export { caller } from '../../machines/session/harness.ts';
export { ended } from '../../machines/session-close/harness.ts';
