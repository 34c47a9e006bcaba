/** `greenroom/testing`: what tests of agents and of workers need. */
export { TestClock, type TimeSource } from './clock.ts';
export { createDispatchServer, type DispatchServer } from './dispatch-server/dispatch-server.ts';
export type {
  DispatchServerEvent,
  DispatchServerEventOf,
  DropReason,
  EventWait,
  ServerEvents,
  TerminationReason,
} from './dispatch-server/events.ts';
export type { WorkerFaults } from './dispatch-server/agent-endpoint.ts';
export type { DispatchInput } from './dispatch-server/dispatches.ts';
export type { Faults, LosableMessage } from './dispatch-server/faults.ts';
export type { Refusal, UpgradeHandler } from './dispatch-server/http-server.ts';
export type {
  DataOptions,
  JoinInput,
  ParticipantRoom,
  Permissions,
  Sight,
  SimulatedParticipant,
} from './dispatch-server/participant.ts';
export type { RoomKeeper, SimulatedRoom } from './dispatch-server/room.ts';
export type { RoomInput } from './dispatch-server/rooms.ts';
export type {
  DispatchServerOptions,
  ServerSettings,
  ServerTimes,
} from './dispatch-server/settings.ts';
export * from './kit.ts';
export * from './model/index.ts';
