/** What a job process writes with for those who watch. */
import type { AnyActorRef } from 'xstate';
import { sessionCloseMachine } from '../../machines/session-close/session-close.machine.ts';
import { sessionMachine } from '../../machines/session/session.machine.ts';
import { sharedId } from '../inspect/wire/definition.ts';
import { machineConfig } from '../inspect/wire/kinds.ts';
import { WireWriter, type WireWriterOptions } from '../inspect/wire/writer.ts';

/** Our machines, by their configs, which `provide()` leaves as they are. */
const ours: ReadonlyMap<object, string> = new Map(
  [sessionMachine, sessionCloseMachine].map(({ config, id }) => [config, sharedId(id)]),
);

/** A writer for a system of actors in a job process. */
export function sessionWriter(options: WireWriterOptions): WireWriter {
  return new WireWriter({ ...options, known: ours, isImmutable });
}

/** The user's own machines may change in place what they hold. */
function isImmutable(actor: AnyActorRef): boolean {
  const config = machineConfig(actor);
  return config !== null && ours.has(config);
}
