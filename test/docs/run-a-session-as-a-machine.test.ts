/** The page has every event with its fields. The record is complete, or the types do not compile. */
import { expect, it } from 'vitest';
import type { RoomSessionEvent } from '../../src/child/room-events.ts';
import { resolveOptions } from '../../src/resolve-options.ts';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

type FieldsOf<Event> = Event extends { type: unknown }
  ? Record<Exclude<keyof Event, 'type'>, true>
  : never;
type Fields = {
  [Type in RoomSessionEvent['type']]: FieldsOf<Extract<RoomSessionEvent, { type: Type }>>;
};

const participant = { identity: true, sid: true, participant: true } as const;
const events: Fields = {
  'room.connected': { identity: true },
  'room.reconnecting': {},
  'room.reconnected': {},
  'room.disconnected': { reason: true, detail: true },
  'room.participantConnected': participant,
  'room.participantDisconnected': participant,
  'room.participantAttributesChanged': { attributes: true, ...participant },
  'room.participantMetadataChanged': { metadata: true, ...participant },
  'room.metadataChanged': { metadata: true },
  'room.dataReceived': { payload: true, topic: true, identity: true, participant: true },
  'session.draining': { deadlineMs: true },
  'session.closing': { reason: true, detail: true },
};

const page = readPage('docs/how-to/run-a-session-as-a-machine.md');

it('docs/how-to/run-a-session-as-a-machine.md has every event, with its fields', () => {
  const rows = tableRows(sectionOf(page, 'What it is told')).map(([type, fields = '']) => [
    codeOf(type),
    [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]);
  expect(rows).toEqual(Object.entries(events).map(([type, fields]) => [type, Object.keys(fields)]));
});

it('docs/how-to/run-a-session-as-a-machine.md knows how long a machine is waited for', () => {
  const { entryGraceTimeoutMs } = resolveOptions({
    agent: import.meta.url,
    wsURL: 'ws://localhost',
    apiKey: 'key',
    apiSecret: 'secret',
  });
  expect(page).toContain(`\`entryGraceTimeoutMs\` (${entryGraceTimeoutMs / 1000} s)`);
});
