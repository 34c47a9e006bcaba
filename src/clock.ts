import type { ActorOptions, AnyActorLogic } from 'xstate';

/** What the delays of machines go by: XState's clock, such as its `SimulatedClock`. */
export type Clock = NonNullable<ActorOptions<AnyActorLogic>['clock']>;
