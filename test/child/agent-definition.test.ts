/** What may be an agent: as the compiler sees it (each `@ts-expect-error` is a test), and as `loadAgent()` does. */
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, setup } from 'xstate';
import {
  defineAgent,
  isAgent,
  problemOf,
  type AgentDefinition,
  type SessionLogicInput,
} from '../../src/child/agent-definition.ts';
import type { RoomSessionEvent } from '../../src/child/room-events.ts';

interface UserData {
  greeting: string;
}

const machineOf = <Input>() => setup({ types: { input: {} as Input } }).createMachine({});
const typed = setup({
  types: {
    input: {} as SessionLogicInput<UserData>,
    events: {} as RoomSessionEvent | { type: 'mine'; count: number },
  },
}).createMachine({});

describe('the types of an agent', () => {
  it('take a function or a machine', () => {
    const entry = defineAgent({ entry: async (ctx) => ctx.connect() });
    expect(entry.entry).toBeTypeOf('function');
    const machine = defineAgent<UserData>({
      prewarm: (proc) => void (proc.userData.greeting = 'hello'),
      session: typed,
      onSessionEnd: (ctx) => ctx.logger.info(ctx.proc.userData.greeting),
    });
    expect(machine.session).toBe(typed);
    const either: AgentDefinition = entry;
    expect(isAgent(defineAgent(either))).toBe(true);
  });

  it('know the user data from the input of the machine', () => {
    const agent = defineAgent({
      session: typed,
      onSessionEnd: (ctx) => {
        const greeting: string = ctx.proc.userData.greeting;
        // @ts-expect-error -- there is no such user data.
        return void [greeting, ctx.proc.userData.farewell];
      },
    });
    expect(agent.onSessionEnd).toBeTypeOf('function');
  });

  it('take every logic that accepts the input, or none', () => {
    const logics = [
      defineAgent({ session: createMachine({}) }),
      defineAgent({ session: machineOf<SessionLogicInput>() }),
      defineAgent({ session: machineOf<{ ctx: unknown; retries?: number }>() }),
      defineAgent({ session: fromPromise(async () => {}) }),
      defineAgent({
        session: fromPromise<void, SessionLogicInput>(async ({ input }) => input.ctx.connect()),
      }),
      defineAgent({ session: fromCallback<RoomSessionEvent, SessionLogicInput>(() => {}) }),
    ];
    expect(logics.map((agent) => problemOf(agent))).toEqual(logics.map(() => null));
  });

  it('refuse a machine that needs another input', () => {
    const refused = [
      // @ts-expect-error -- there is no name in the input.
      defineAgent({ session: machineOf<{ name: string }>() }),
      // @ts-expect-error -- the job context is no text.
      defineAgent({ session: machineOf<{ ctx: string }>() }),
      // @ts-expect-error -- nobody gives it retries.
      defineAgent({ session: machineOf<SessionLogicInput & { retries: number }>() }),
      // @ts-expect-error -- the input of a promise counts as well.
      defineAgent({ session: fromPromise<void, { name: string }>(async () => {}) }),
      // @ts-expect-error -- the user data are not those of the agent.
      defineAgent<{ other: number }>({ session: typed }),
    ];
    // Nothing of that is seen when the program runs.
    expect(refused.map((agent) => problemOf(agent as AgentDefinition))).toEqual(
      refused.map(() => null),
    );
  });

  it('refuse both, neither and what is no logic', () => {
    const nothing = async (): Promise<void> => {};
    const actor = createActor(createMachine({}));
    const wrong: AgentDefinition[] = [
      // @ts-expect-error -- one of them.
      { entry: nothing, session: createMachine({}) },
      // @ts-expect-error -- none of them.
      {},
      // @ts-expect-error -- an actor is no logic.
      { session: actor },
      // @ts-expect-error -- nor is a function.
      { session: nothing },
      // @ts-expect-error -- nor is nothing, even when it is named.
      { entry: undefined, session: undefined },
      // @ts-expect-error -- and null is no machine.
      { session: null },
    ];
    expect(wrong.map((agent) => problemOf(agent)?.replace(/ received.*$/, ''))).toEqual([
      'needs either a function "entry" or a machine "session",',
      'needs a function "entry", or a machine "session",',
      'needs a machine or another actor logic of XState as "session",',
      'needs a machine or another actor logic of XState as "session",',
      'needs a function "entry", or a machine "session",',
      'needs a machine or another actor logic of XState as "session",',
    ]);
  });
});
