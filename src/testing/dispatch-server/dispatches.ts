/** The dispatches of all rooms: what they launch, what they list, and how they end. */
import {
  AgentDispatch,
  AgentDispatchState,
  DisconnectReason,
  Job,
  JobType,
  type RoomAgentDispatch,
} from '@livekit/protocol';
import type { AgentNames } from './agent-names.ts';
import { newId } from './ids.ts';
import type { SimulatedParticipant } from './participant.ts';
import type { SimulatedRoom } from './room.ts';
import { deploymentMistake } from './worker-connection.ts';
import type { GivenJob, Workers, WorkersWorld } from './workers.ts';

/** What a dispatch is made of. */
export type DispatchInput = Pick<
  RoomAgentDispatch,
  'agentName' | 'metadata' | 'deployment' | 'restartPolicy' | 'attributes'
>;

interface Entry {
  readonly room: SimulatedRoom;
  readonly dispatch: AgentDispatch;
  readonly pending: Set<Promise<void>>;
}

/** What the server remembers of one room beside who is in it. */
interface RoomRecord {
  readonly entries: Map<string, Entry>;
  /** Job ids by the identities of their agents: taken out when the agent leaves. */
  readonly agentJobs: Map<string, string>;
  /** Sessions that have published already. */
  readonly publishers: Set<string>;
}

const nanosecondsPerMillisecond = 1_000_000n;

/** All dispatches of a server. */
export class Dispatches {
  readonly #world: WorkersWorld;
  readonly #workers: Workers;
  readonly #names: AgentNames;
  readonly #records = new WeakMap<SimulatedRoom, RoomRecord>();

  constructor(world: WorkersWorld, workers: Workers, names: AgentNames) {
    this.#world = world;
    this.#workers = workers;
    this.#names = names;
  }

  /** A room was made: dispatches whom it names, or else the agents without a name. */
  roomCreated(room: SimulatedRoom, agents: readonly RoomAgentDispatch[]): void {
    this.#records.set(room, { entries: new Map(), agentJobs: new Map(), publishers: new Set() });
    const automatic = {
      agentName: '',
      metadata: '',
      deployment: '',
      restartPolicy: 0,
      attributes: {},
    };
    for (const input of agents.length > 0 ? agents : [automatic]) {
      if (deploymentMistake(input.deployment) === null) this.create(room, input);
    }
  }

  /** A room is gone, and its dispatches with it. */
  roomClosed(room: SimulatedRoom): void {
    this.#records.delete(room);
  }

  /** Makes a dispatch and launches its jobs; returns at once. */
  create(room: SimulatedRoom, input: DispatchInput): AgentDispatch {
    const { settings, events, now } = this.#world;
    const { agentName, metadata, deployment, restartPolicy, attributes } = input;
    const dispatch = new AgentDispatch({
      id: newId('AD', settings.random),
      room: room.name,
      agentName,
      metadata,
      deployment,
      restartPolicy,
      attributes: { ...attributes },
      state: new AgentDispatchState({
        createdAt: BigInt(Math.floor(now())) * nanosecondsPerMillisecond,
      }),
    });
    const entry: Entry = { room, dispatch, pending: new Set() };
    this.#record(room)?.entries.set(dispatch.id, entry);
    events.emit({ type: 'dispatch.created', dispatchId: dispatch.id, room: room.name, agentName });
    const answer = dispatch.clone();
    this.#launch(entry, JobType.JT_ROOM);
    for (const participant of room.independents) {
      this.#launch(entry, JobType.JT_PARTICIPANT, participant);
      if (participant.info.isPublisher) this.#launch(entry, JobType.JT_PUBLISHER, participant);
    }
    return answer;
  }

  /** The dispatches of a room, in no order; all of them, or the one of that id. */
  list(room: SimulatedRoom, dispatchId: string): AgentDispatch[] {
    const { random } = this.#world.settings;
    return this.#entriesOf(room)
      .map(({ dispatch }) => ({ dispatch, place: random() }))
      .filter(({ dispatch }) => dispatchId === '' || dispatch.id === dispatchId)
      .toSorted((one, other) => one.place - other.place)
      .map(({ dispatch }) => dispatch.clone());
  }

  /** Takes a dispatch from the list; its jobs are terminated afterwards. `null` when there is none. */
  delete(room: SimulatedRoom, dispatchId: string): AgentDispatch | null {
    const entries = this.#record(room)?.entries;
    const entry = entries?.get(dispatchId);
    if (entry === undefined) return null;
    entries?.delete(dispatchId);
    const { agentName } = entry.dispatch;
    this.#world.events.emit({ type: 'dispatch.deleted', dispatchId, room: room.name, agentName });
    const answer = entry.dispatch.clone();
    void this.#terminateAll(entry);
    return answer;
  }

  /** Someone has joined: agents and recorders are no reason for a job. */
  joined(room: SimulatedRoom, participant: SimulatedParticipant): void {
    if (participant.isDependent) return;
    for (const entry of this.#entriesOf(room))
      this.#launch(entry, JobType.JT_PARTICIPANT, participant);
  }

  /** Someone has published a track: the first of a session is a reason for a job. */
  published(room: SimulatedRoom, participant: SimulatedParticipant): void {
    const publishers = this.#record(room)?.publishers;
    if (participant.isDependent || publishers === undefined || publishers.has(participant.sid))
      return;
    publishers.add(participant.sid);
    for (const entry of this.#entriesOf(room))
      this.#launch(entry, JobType.JT_PUBLISHER, participant);
  }

  /** Someone has left: if it was the agent of a job, its worker is told. */
  left(room: SimulatedRoom, participant: SimulatedParticipant): void {
    const agentJobs = this.#record(room)?.agentJobs;
    const jobId = agentJobs?.get(participant.identity);
    if (jobId === undefined) return;
    agentJobs?.delete(participant.identity);
    this.#workers.terminate(jobId, 'agent left');
  }

  #record(room: SimulatedRoom): RoomRecord | undefined {
    return this.#records.get(room);
  }

  #entriesOf(room: SimulatedRoom): Entry[] {
    return [...(this.#record(room)?.entries.values() ?? [])];
  }

  #launch(entry: Entry, type: JobType, participant?: SimulatedParticipant): void {
    const launched = this.#launchJobs(entry, type, participant).finally(() =>
      entry.pending.delete(launched),
    );
    entry.pending.add(launched);
  }

  async #launchJobs(entry: Entry, type: JobType, about?: SimulatedParticipant): Promise<void> {
    const { agentName, deployment } = entry.dispatch;
    const job = this.#makeJob(entry, type, about);
    const names = this.#names.collect();
    if (agentName !== '' && !names.hasName(type, agentName)) {
      await names.complete;
      return this.#dropped(job);
    }
    const requests = names.namespaces(type).map((namespace) => {
      const id = newId('AJ', this.#world.settings.random);
      // Deprecated, and filled by the real server nevertheless.
      const own = Object.assign(job.clone(), { id, namespace });
      return this.#workers.request(own, { agentName, namespace, jobType: type, deployment });
    });
    await names.complete;
    for (const request of requests) this.#given(entry, await request);
  }

  #makeJob({ room, dispatch }: Entry, type: JobType, about?: SimulatedParticipant): Job {
    const { settings } = this.#world;
    const { agentName, metadata, deployment, attributes, id: dispatchId } = dispatch;
    const job = new Job({ type, dispatchId, agentName, metadata, deployment, attributes });
    job.room = room.info.clone();
    job.enableRecording = settings.enableRecording;
    job.enableRedaction = settings.enableRedaction;
    if (about !== undefined) job.participant = about.info.clone();
    return job;
  }

  #dropped({ type: jobType, dispatchId, agentName }: Job): void {
    // Of the three types of jobs a dispatch asks for, most have no worker: only the room's is worth a word.
    if (jobType !== JobType.JT_ROOM) return;
    const about = { jobId: '', jobType, dispatchId, agentName };
    const reason = 'no worker has the agent name';
    this.#world.events.emit({ type: 'job.dropped', ...about, reason });
  }

  #given({ room, dispatch }: Entry, job: GivenJob | null): void {
    if (job === null) return;
    dispatch.state?.jobs.push(job.clone());
    const identity = job.state.participantIdentity;
    if (identity !== '') this.#record(room)?.agentJobs.set(identity, job.id);
  }

  /** One job after the other: each agent gets its time to leave before the next job is ended. */
  async #terminateAll({ room, dispatch, pending }: Entry): Promise<void> {
    while (pending.size > 0) await Promise.all(pending);
    for (const { id, state } of dispatch.state?.jobs ?? []) {
      if (!this.#workers.terminate(id, 'dispatch deleted')) continue;
      const agent = room.participants.get(state?.participantIdentity ?? '');
      if (agent === undefined) continue;
      await this.#untilGone(agent);
      agent.leave(DisconnectReason.PARTICIPANT_REMOVED);
    }
  }

  #untilGone(agent: SimulatedParticipant): Promise<void> {
    const { settings, timers } = this.#world;
    return new Promise((resolve) => {
      const stop = timers.after(settings.leaveGraceMs, resolve);
      agent.watch(({ type }) => {
        if (type !== 'disconnected') return;
        stop();
        resolve();
      });
    });
  }
}
