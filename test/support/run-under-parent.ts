import { type AnyActorLogic, type AnyEventObject, createActor, setup } from 'xstate';

interface Waiter {
  matches: (event: AnyEventObject) => boolean;
  resolve: (event: AnyEventObject) => void;
}

/** An actor under test with a parent that keeps everything the actor sends to it. */
export interface Supervised {
  /** Everything the actor sent to its parent, in order. */
  events: AnyEventObject[];
  /** The first event of that type that was not handed out before; waits for it. */
  next: (type: string) => Promise<AnyEventObject>;
  send: (event: AnyEventObject) => void;
  stop: () => void;
}

/** Starts an actor as the child of a parent that only listens; with `until`, it stops the actor at the first event of that type. */
export function runUnderParent(
  logic: AnyActorLogic,
  input: unknown = {},
  { until }: { until?: string } = {},
): Supervised {
  const events: AnyEventObject[] = [];
  const unread: AnyEventObject[] = [];
  const waiters: Waiter[] = [];

  const take = (event: AnyEventObject): void => {
    events.push(event);
    const index = waiters.findIndex((waiter) => waiter.matches(event));
    if (index === -1) unread.push(event);
    else waiters.splice(index, 1)[0]!.resolve(event);
  };

  const parent = setup({
    actors: { child: logic },
    actions: { take: ({ event }) => take(event) },
  }).createMachine({
    initial: 'running',
    on: {
      stop: '.stopped',
      ...(until !== undefined && { [until]: { target: '.stopped', actions: 'take' } }),
      '*': { actions: 'take' },
    },
    states: { running: { invoke: { id: 'child', src: 'child', input } }, stopped: {} },
  });
  const actor = createActor(parent);
  actor.subscribe({ error: (error) => take({ type: 'parent.failed', error }) });
  actor.start();
  const child = actor.getSnapshot().children['child']!;

  return {
    events,
    next: (type) => {
      const index = unread.findIndex((event) => event.type === type);
      if (index !== -1) return Promise.resolve(unread.splice(index, 1)[0]!);
      return new Promise((resolve) => {
        waiters.push({ matches: (event) => event.type === type, resolve });
      });
    },
    send: (event) => child.send(event),
    stop: () => actor.send({ type: 'stop' }),
  };
}
