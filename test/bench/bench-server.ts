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
  /** Also said of a job for which no worker has made a bid, after a second; then it does not name the room. */
  failed: 'failed to send job request',
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

  /** Resolves when the server has found nobody for the job in a room that was just dispatched to, as far as it says so. */
  async refusal(room: string, options: WaitOptions): Promise<void> {
    const withoutBid = { from: this.lines.items.length, ...options };
    await Promise.any([
      this.line(says.refused, (fields) => fields['room'] === room, options),
      this.lines.waitFor('A job without a bid', isWithoutBid, withoutBid),
    ]);
  }

  /** Dispatches the agent; a new room unless it is named. */
  async dispatch(room = newRoom(), agentName = 'bench'): Promise<Dispatch> {
    const at = now();
    await this.#dispatches.createDispatch(room, agentName);
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

/** True for the line that tells of a job without any bid. */
export function isWithoutBid({ msg, fields }: ServerLine): boolean {
  const isOurs = fields['agentName'] === 'bench';
  return msg === says.failed && isOurs && fields['error'] === 'no response from servers';
}

/** A name that nobody has used. */
export function newRoom(): string {
  return `bench-${randomUUID()}`;
}
