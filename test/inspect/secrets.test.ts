import { setTimeout as delay } from 'node:timers/promises';
import { assign, createActor, createMachine, fromPromise, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import * as machines from '../../machines/index.ts';
import type { InspectMessage } from '../../src/inspect/messages.ts';
import { WireWriter } from '../../src/inspect/wire/writer.ts';
import { sealToken } from '../../src/token-seal.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl';
const planted = (place: string): string => `planted-${place}-hunter2`;

function record(): { messages: InspectMessage[]; writer: WireWriter } {
  const messages: InspectMessage[] = [];
  const writer = new WireWriter({ send: (message) => messages.push(message) });
  return { messages, writer };
}

describe('definitions', () => {
  it.each(
    Object.entries(machines).flatMap(([name, machine]) =>
      name.endsWith('Machine') ? [[name, machine as typeof machines.jobMachine] as const] : [],
    ),
  )('%s comes back from its definition as the same graph', (_name, machine) => {
    const { messages, writer } = record();
    try {
      createActor(machine as never, { input: {} as never, inspect: writer.inspect });
    } catch {
      // Started without its input: the definition is told before.
    }
    const definition = messages.find(({ type }) => type === '@greenroom.definition');
    if (definition?.type !== '@greenroom.definition') throw new Error('There is no definition.');
    const again = createMachine(JSON.parse(definition.definition));
    const shape = (node: typeof machine.root): unknown => ({
      id: node.id,
      type: node.type,
      description: node.description,
      events: [...node.transitions].map(([type, transitions]) => [
        type,
        transitions.map(({ target }) => target?.map(({ id }) => id)),
      ]),
      states: Object.values(node.states).map((state) => shape(state)),
    });
    expect(shape(again.root as never)).toEqual(shape(machine.root));
  });

  it('keep the shape where names sound like secrets, and have no context and no input', () => {
    const { messages, writer } = record();
    const machine = setup({ actors: { fetchToken: fromPromise(async () => 'x') } }).createMachine({
      id: 'login',
      context: { apiSecret: planted('definition-context') },
      initial: 'refreshingToken',
      states: {
        refreshingToken: {
          invoke: {
            src: 'fetchToken',
            input: { password: planted('definition-input') },
            onDone: 'secretKnown',
          },
          on: {
            'token.expired': {
              target: 'refreshingToken',
              actions: { type: 'note', params: { token: planted('definition-params') } },
            },
          },
          meta: { apiKey: planted('definition-meta') },
        },
        secretKnown: { description: `Uses ${jwt}.` },
      },
    } as never);
    createActor(machine, { inspect: writer.inspect });
    const text = JSON.stringify(messages);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(jwt);
    const definition = messages.find(({ type }) => type === '@greenroom.definition');
    const config = JSON.parse((definition as { definition: string }).definition) as {
      states: Record<string, { on?: object }>;
    };
    expect(Object.keys(config.states)).toEqual(['refreshingToken', 'secretKnown']);
    expect(config.states['refreshingToken']?.on).toHaveProperty(['token.expired', 'target']);
  });
});

describe('no planted secret', () => {
  it('gets on the wire from context, events, input, output and errors', async () => {
    const messages: InspectMessage[] = [];
    const exact = 'a-secret-of-no-form';
    const writer = new WireWriter({
      send: (message) => messages.push(message),
      secrets: [exact],
    });
    const sealed = sealToken(jwt);
    const machine = setup({
      types: { events: {} as { type: string } },
      actors: {
        fetchToken: fromPromise(async () => planted('output')),
        refuse: fromPromise(async () => {
          throw Object.assign(new Error(`refused: password=${planted('error')} and ${jwt}`), {
            apiSecret: planted('error-field'),
            url: `https://user:${planted('url')}@example.org/`,
          });
        }),
      },
      actions: { keep: assign({ kept: ({ event }) => event }) },
    }).createMachine({
      id: 'planted',
      context: {
        apiSecret: planted('context'),
        nested: { list: [{ authorization: `Bearer ${planted('bearer')}` }] },
        text: `the token is ${jwt}, {"password":"${planted('json')}"}, ${exact}`,
        sealed,
        tokens: new Map([['token', planted('map')]]),
        pem: `-----BEGIN PRIVATE KEY-----\n${planted('pem')}\n-----END PRIVATE KEY-----`,
      },
      invoke: [
        {
          id: 'fetchToken',
          src: 'fetchToken',
          input: { apiKey: planted('input') },
          onDone: { actions: 'keep' },
        },
        {
          id: 'refuse',
          src: 'refuse',
          input: { headers: { cookie: planted('cookie') } },
          onError: {},
        },
      ],
      on: { '*': { actions: 'keep' } },
      output: { password: planted('machine-output') },
    } as never);
    const actor = createActor(machine, { inspect: writer.inspect }).start();
    actor.send({
      type: 'login',
      password: planted('event'),
      note: `?access_token=${planted('query')}`,
    } as never);
    await delay(20);
    const text = JSON.stringify(messages);
    expect(messages.length).toBeGreaterThan(8);
    const found = text.match(/planted-[\w-]+-hunter2/g) ?? [];
    expect(found).toEqual([]);
    for (const secret of [jwt, exact, sealed, sealed.slice(10, 40)]) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('<redacted>');
  });
});
