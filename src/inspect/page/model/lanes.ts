/** Bars of the timeline: one lane for each job, or for each machine of an app that has no jobs. */
import type { InspectMessage, JobWireFacts, Json, WireSnapshot } from '../../messages.ts';
import { timeOf } from './log.ts';

/** A stretch of a bar. */
export interface Stretch {
  phase: string;
  from: number;
  /** `null`: it still lasts. */
  to: number | null;
}

/** One bar. */
export interface Lane {
  actorId: string;
  title: string;
  detail: string;
  stretches: Stretch[];
  /** How it ended; empty while it lasts. */
  outcome: string;
  reason: string;
  isJob: boolean;
}

const maxLanes = 2000;

/** Every bar, in the order in which they began. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #names = new Map<string, { name: string; machineId?: string }>();
  #hasJobs = false;

  /** Jobs where there are any, else machines. */
  get shown(): Lane[] {
    const all = [...this.#lanes.values()];
    return this.#hasJobs ? all.filter(({ isJob }) => isJob) : all;
  }

  add(message: InspectMessage): void {
    const at = timeOf(message);
    if (message.type === '@greenroom.job') this.#addJob(message.sessionId, message.job, at);
    if (message.type === '@xstate.actor') this.#names.set(message.sessionId, message);
    if ('snapshot' in message) this.#follow(message.sessionId, message.snapshot, at);
  }

  clear(): void {
    this.#lanes.clear();
    this.#names.clear();
    this.#hasJobs = false;
  }

  #addJob(id: string, job: JobWireFacts, at: number): void {
    this.#hasJobs = true;
    const lane = this.#laneOf(id, job.room, job.jobId);
    if (!lane.isJob) lane.stretches = [];
    Object.assign(lane, {
      isJob: true,
      title: job.room,
      detail: job.jobId,
      outcome: job.outcome ?? '',
      reason: job.reason ?? '',
    });
    enter(lane, job.phase, at, job.phase === 'ended');
  }

  #laneOf(actorId: string, title: string, detail: string): Lane {
    const known = this.#lanes.get(actorId);
    if (known !== undefined) return known;
    const lane: Lane = {
      actorId,
      title,
      detail,
      stretches: [],
      outcome: '',
      reason: '',
      isJob: false,
    };
    this.#lanes.set(actorId, lane);
    if (this.#lanes.size > maxLanes) this.#lanes.delete([...this.#lanes.keys()][0] ?? '');
    return lane;
  }

  /** Machines have a value, though not from their first message on. */
  #follow(id: string, { value = null, status }: WireSnapshot, at: number): void {
    const hasEnded = status !== 'active';
    const lane = this.#lanes.get(id) ?? (value === null ? null : this.#beginLane(id));
    if (hasEnded) this.#names.delete(id);
    if (lane === null || lane.isJob) return;
    const state = topState(value);
    if (hasEnded) lane.outcome = status === 'done' ? state : status;
    enter(lane, state, at, hasEnded);
  }

  #beginLane(id: string): Lane {
    const { name, machineId = '' } = this.#names.get(id) ?? { name: id };
    return this.#laneOf(id, name, machineId);
  }
}

function enter(lane: Lane, phase: string, at: number, hasEnded: boolean): void {
  const last = lane.stretches.at(-1);
  if (last !== undefined && last.to === null && (hasEnded || last.phase !== phase)) last.to = at;
  if (!hasEnded && (last === undefined || last.phase !== phase)) {
    lane.stretches.push({ phase, from: at, to: null });
  }
}

function topState(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.keys(value).join(' · ');
}
