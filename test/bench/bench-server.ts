/** A real LiveKit server as the benchmark uses it: dispatches, observers in rooms, and its log as facts with times. */
import { randomUUID } from 'node:crypto';
import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import type { LiveKitServer } from '../support/livekit-server.mjs';
import { joinRoom, type Participant } from '../support/participants.ts';
import { parseLogLine } from '../support/program.mjs';
import { Recorder, type WaitOptions } from '../support/recorder.mjs';
import { now } from './clock.ts';

/** A line of the server's log, with the time when it was read. */
export interface ServerLine {
  at: number;
  msg: string;
  fields: Record<string, unknown>;
}

/** What the server says, word by word. */
export const says = {
  registered: 'worker registered',
  status: 'worker status changed',
  assigned: 'assigned job to worker',
  refused: 'no worker available to handle job',
  active: 'participant active',
} as const;

/** A dispatch that was asked for. */
export interface Dispatch {
  room: string;
  /** When createDispatch was called. */
  at: number;
}

/** The server of a benchmark. */
export class BenchServer {
  readonly server: LiveKitServer;
  readonly lines = new Recorder<ServerLine>(() => '');
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;

  constructor(server: LiveKitServer) {
    const { url, apiKey, apiSecret } = server;
    this.server = server;
    this.#rooms = new RoomServiceClient(url, apiKey, apiSecret);
    this.#dispatches = new AgentDispatchClient(url, apiKey, apiSecret);
    server.output.watch((text) => {
      const at = now();
      const fields = parseLogLine(text);
      if (fields !== null) this.lines.add({ at, msg: String(fields['msg']), fields });
    });
  }

  /** The first line of that kind that matches, from the `from`-th of all on. */
  line(
    msg: string,
    matches: (fields: Record<string, unknown>) => boolean,
    options?: WaitOptions,
  ): Promise<ServerLine> {
    const isIt = (line: ServerLine): boolean => line.msg === msg && matches(line.fields);
    return this.lines.waitFor(`"${msg}" in the server's log`, isIt, options);
  }

  /** The first line of that kind about a room, as far as there is one. */
  lineAbout(msg: string, room: string): ServerLine | undefined {
    return this.lines.items.find((line) => line.msg === msg && line.fields['room'] === room);
  }

  /** Dispatches the agent; a new room unless it is named. */
  async dispatch(room = newRoom()): Promise<Dispatch> {
    const at = now();
    await this.#dispatches.createDispatch(room, 'bench');
    return { room, at };
  }

  /** Deletes a room; answers when that was asked for. */
  async deleteRoom(room: string): Promise<number> {
    const at = now();
    await this.#rooms.deleteRoom(room);
    return at;
  }

  /** Someone who is in a room before the agent is, and when each other participant was first seen. */
  async observe(room: string): Promise<Observer> {
    const participant = await joinRoom(this.server, { room, identity: 'observer' });
    return new Observer(participant);
  }
}

/** Someone in the room. */
export class Observer {
  readonly #participant: Participant;
  readonly #seen = new Recorder<number>();

  constructor(participant: Participant) {
    this.#participant = participant;
    participant.room.on('participantConnected', () => this.#seen.add(now()));
  }

  /** When the first other participant was seen. */
  seen(): Promise<number> {
    return this.#seen.waitFor('The agent in the room', () => true);
  }

  /** Leaves. */
  leave(): Promise<void> {
    return this.#participant.leave();
  }
}

/** A name that nobody has used. */
export function newRoom(): string {
  return `bench-${randomUUID()}`;
}
