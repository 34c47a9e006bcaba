/** A server without media and a caller, for those who develop an agent where there is no LiveKit server. */
import { JobType, ParticipantInfo_Kind } from '@livekit/protocol';
import { type Caller, joinAsCaller } from './caller.ts';
import { createDispatchServer, type DispatchServer } from './dispatch-server/dispatch-server.ts';
import { type ServedRooms, serveRooms } from './serve-rooms.ts';

/** What happens between the caller and the agent. */
export type EmbeddedEvent =
  | { type: 'embedded.calling'; room: string; agentName: string }
  | { type: 'embedded.answered'; room: string; identity: string }
  | { type: 'embedded.heard'; room: string; from: string; topic: string; text: string }
  | { type: 'embedded.unanswered'; room: string; reason: string }
  | { type: 'embedded.over'; room: string };

/** How the caller is called. */
const identity = 'caller';
/** The topic of what a caller says who names none. */
const usualTopic = 'chat';

interface Call {
  room: string;
  caller: Caller;
}

/** Starts the server; the caller calls as soon as a worker takes jobs. */
export async function startEmbedded(tell: (event: EmbeddedEvent) => void): Promise<Embedded> {
  return new Embedded(await createDispatchServer(), tell);
}

/** The server and its caller. */
export class Embedded {
  readonly server: DispatchServer;
  /** For workers that are to use it. */
  readonly env: Record<string, string>;
  readonly #tell: (event: EmbeddedEvent) => void;
  readonly #rooms: ServedRooms;
  /** The worker that was registered last, as far as a call has to know it. */
  #worker: { workerId: string; agentName: string; jobType: JobType } | null = null;
  #called: string | null = null;
  #calls = 0;
  #call: Call | null = null;

  /** @internal */
  constructor(server: DispatchServer, tell: (event: EmbeddedEvent) => void) {
    this.server = server;
    this.#tell = tell;
    this.#rooms = serveRooms(server);
    this.env = this.#rooms.env;
    server.on('worker.registered', (event) => (this.#worker = event));
    server.on('worker.status', ({ workerId, isFull }) => {
      // Each worker is called once by itself: the next one has the code that was saved.
      if (isFull || workerId !== this.#worker?.workerId || workerId === this.#called) return;
      this.#called = workerId;
      void this.call();
    });
    server.on('job.dropped', ({ dispatchId, reason }) => this.#dropped(dispatchId, reason));
    server.on('participant.joined', ({ room, participant }) => {
      if (participant.info.kind === ParticipantInfo_Kind.AGENT)
        tell({ type: 'embedded.answered', room, identity: participant.identity });
    });
    server.on('participant.left', ({ room, participant }) => {
      if (participant.info.kind === ParticipantInfo_Kind.AGENT) this.#left(room);
    });
  }

  /** Hangs up, and calls the agent in a new room. */
  async call(): Promise<void> {
    if (this.#worker === null) return;
    this.hangUp();
    const { agentName, jobType } = this.#worker;
    this.#calls += 1;
    const room = `call-${this.#calls}`;
    this.#tell({ type: 'embedded.calling', room, agentName });
    const place = { server: this.server, seats: this.#rooms.seats };
    const caller = await joinAsCaller(place, room, identity, { waitTimeoutMs: 0 });
    this.#call = { room, caller };
    caller.on('dataReceived', (payload, from, _kind, topic = '') => {
      const text = new TextDecoder().decode(payload);
      this.#tell({ type: 'embedded.heard', room, from: from?.identity ?? 'server', topic, text });
    });
    if (agentName !== '') this.server.dispatch(room, agentName);
    // A track without sound: what jobs of publishers wait for.
    if (jobType === JobType.JT_PUBLISHER)
      this.server.room(room)?.participants.get(identity)?.publish();
  }

  /** The caller says something, as a data message. `topic: words` names a topic. */
  say(line: string): void {
    const [, topic = usualTopic, text = line] = /^([\w.-]+): (.*)$/.exec(line) ?? [];
    this.#call?.caller.sendData(text, { topic });
  }

  /** The caller leaves. */
  hangUp(): void {
    this.#call?.caller.leave();
    this.#call = null;
  }

  /** Hangs up and ends the server. */
  async close(): Promise<void> {
    this.hangUp();
    await this.server.close();
  }

  #left(room: string): void {
    this.#tell({ type: 'embedded.over', room });
    if (this.#call?.room === room) this.hangUp();
  }

  #dropped(dispatchId: string, reason: string): void {
    const room = this.#call?.room ?? '';
    const isIts = this.server.dispatchesOf(room).some(({ id }) => id === dispatchId);
    if (isIts) this.#tell({ type: 'embedded.unanswered', room, reason });
  }
}
