/** What happened last in each job: kept while it runs, watched or not, and logged when it fails. */
import type { AnyActorRef, AnyEventObject, InspectionEvent } from 'xstate';
import { toPlainFields, type PlainOptions } from './inspect/wire/plain.ts';
import { Redactor } from './inspect/wire/redact.ts';

/** One event of a job, or of its process. */
export interface BoxEntry {
  /** ms since 1970. */
  at: number;
  /** The id of the actor that it came to, such as `job.1` or `process.2`. */
  to: string;
  /** The event, its secrets taken out and shortened. */
  event: Record<string, unknown>;
}

interface Kept {
  at: number;
  to: string;
  event: AnyEventObject;
}

/** How many events are kept of each job. */
const size = 40;

/** Enough to see what happened. */
const limits = { depth: 3, items: 20, textLength: 300, totalLength: 1_500 };

/** The black boxes of all jobs. */
export class BlackBox {
  readonly #boxes = new WeakMap<AnyActorRef, Kept[]>();
  readonly #plain: PlainOptions;

  constructor(secrets: readonly string[]) {
    this.#plain = { redactor: new Redactor(secrets), limits, idOf: (id) => id };
  }

  /** Takes an event of a job, and of the process that the job has claimed. */
  note(inspection: InspectionEvent): void {
    if (inspection.type !== '@xstate.event') return;
    const actor = inspection.actorRef as AnyActorRef;
    const { src } = actor;
    if (src !== 'job' && src !== 'jobProcess') return;
    const { event } = inspection;
    const box = this.#boxOf(actor);
    box.push({ at: Date.now(), to: actor.id, event });
    if (box.length > size) box.shift();
    const claimed: unknown = event.type === 'pool.claimed' ? event['processRef'] : undefined;
    // From now on what happens to the process belongs to the job.
    if (typeof claimed === 'object' && claimed !== null) this.#join(claimed as AnyActorRef, box);
  }

  /** The last events of a job. */
  read(job: AnyActorRef): BoxEntry[] {
    return this.#boxOf(job).map(({ at, to, event }) => {
      const { type, ...fields } = event;
      return { at, to, event: { type, ...toPlainFields(fields, this.#plain) } };
    });
  }

  #boxOf(actor: AnyActorRef): Kept[] {
    const known = this.#boxes.get(actor);
    if (known !== undefined) return known;
    const box: Kept[] = [];
    this.#boxes.set(actor, box);
    return box;
  }

  #join(processActor: AnyActorRef, box: Kept[]): void {
    this.#boxes.set(processActor, box);
  }
}
