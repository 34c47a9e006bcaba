/** What a job process tells those who watch. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as xstate from 'xstate';
import { expect, it, onTestFinished, vi } from 'vitest';
import { sessionMachine } from '../../machines/index.ts';
import { ChildInspection } from '../../src/child/inspection.ts';
import type { InspectMessage } from '../../src/inspect/messages.ts';
import type { InspectionReport } from '../../src/ipc/inspection.ts';

const scope = { prefix: 'x:7', parentId: 'x:7', rootId: 'x:0' };

/** As the user's own package may bring it along. */
function otherXState(): typeof xstate {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-xstate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const entry = createRequire(import.meta.url).resolve('xstate/package.json');
  cpSync(join(entry, '..'), join(folder, 'node_modules/xstate'), { recursive: true });
  return createRequire(join(folder, 'main.js'))('xstate') as typeof xstate;
}

function watched() {
  const messages: InspectMessage[] = [];
  const inspection = new ChildInspection({
    deliver: async (report) => {
      messages.push(...((report as InspectionReport).messages as InspectMessage[]));
    },
  });
  inspection.receive({ type: 'inspect', scope });
  return { inspection, messages };
}

function toggleOf({ createMachine }: typeof xstate) {
  return createMachine({
    id: 'toggle',
    initial: 'off',
    states: { off: { on: { toggle: 'on' } }, on: {} },
  });
}

it('shows actors of two copies of XState as different ones, and sends events to the right one', async () => {
  const other = otherXState();
  expect(other.Actor).not.toBe(xstate.Actor);
  const { inspection, messages } = watched();
  // Each copy counts by itself: ours is to be ahead, until the other has come as far.
  const ahead = Array.from({ length: 3 }, () => xstate.createActor(toggleOf(xstate)));
  expect(ahead).toHaveLength(3);
  const session = xstate.createActor(toggleOf(xstate), { systemId: 'session' });
  inspection.enter(session, []);
  session.start();
  const number = (id: string): number => Number(id.slice(2));
  let own = other.createActor(toggleOf(other));
  while (number(own.sessionId) < number(session.sessionId) - 1) {
    own = other.createActor(toggleOf(other));
  }
  own = other.createActor(toggleOf(other), { systemId: 'own', inspect: inspection.inspect });
  expect(own.sessionId).toBe(session.sessionId);
  own.start();
  inspection.flush();
  await vi.waitFor(() => {
    const actors = messages.filter((message) => message.type === '@xstate.actor');
    expect(actors.map(({ name, sessionId, parentId }) => [name, sessionId, parentId])).toEqual([
      ['session', `x:7/${session.sessionId}`, 'x:7'],
      ['own', `x:7/copy2/${own.sessionId}`, `x:7/${session.sessionId}`],
    ]);
  });
  const event = { type: 'toggle' };
  inspection.receive({
    type: 'inspectSend',
    sessionId: `x:7/copy2/${own.sessionId}`,
    event,
  });
  expect([session, own].map((actor) => actor.getSnapshot().value)).toEqual(['off', 'on']);
});

it('does not send what the worker has: the definition of its own machines', async () => {
  const { inspection, messages } = watched();
  const machine = sessionMachine.provide({});
  const session = xstate.createActor(machine, { input: {} as never });
  inspection.enter(session, []);
  const user = xstate.createActor(toggleOf(xstate), { inspect: inspection.inspect });
  user.start();
  inspection.flush();
  await vi.waitFor(() =>
    expect(messages.filter(({ type }) => type === '@xstate.actor')).toMatchObject([
      { definitionId: 'greenroom/session', machineId: 'session' },
      { machineId: 'toggle' },
    ]),
  );
  const definitions = messages.filter((message) => message.type === '@greenroom.definition');
  expect(
    definitions.map(({ definition }) => (JSON.parse(definition) as object)['id' as never]),
  ).toEqual(['toggle']);
});
