/** The worker's own part of the stream: its actors, and what the page's header and timeline show. */
import type { ActorRefFrom, AnyActorRef, InspectionEvent } from 'xstate';
import type { jobMachine } from '../../machines/job/job.machine.ts';
import type { workerMachine } from '../../machines/worker/worker.machine.ts';
import type { StreamSource } from './hub.ts';
import type { DrainFacts, InspectMessage } from './messages.ts';
import { type PlainOptions, messageLimits, toPlain } from './wire/plain.ts';
import { Redactor } from './wire/redact.ts';
import { WireWriter, rootOf } from './wire/writer.ts';
import { drainFacts, jobFacts, workerFacts } from './worker-facts.ts';

type Worker = ActorRefFrom<typeof workerMachine>;
type Job = ActorRefFrom<typeof jobMachine>;

/** What to watch. */
export interface WorkerSourceOptions {
  worker: Worker;
  /** Texts that are shown nowhere. */
  secrets: readonly string[];
}

/** A worker as a source of a hub. */
export function workerSource({ worker, secrets }: WorkerSourceOptions): StreamSource {
  return {
    start(send) {
      const isImmutable = (actor: AnyActorRef): boolean => isBelow(actor, worker);
      const writer = new WireWriter({ send, secrets, isImmutable });
      const detach = writer.attach(rootOf(worker));
      const facts = new FactTeller(worker, send, secrets);
      const subscription = worker.system.inspect(facts.inspect);
      // A worker that fails by an error says nothing more; it has an observer of its errors of its own.
      const watching = worker.subscribe({ error: () => writer.tellEnd(worker) });
      facts.tellAll();
      return () => {
        detach();
        subscription.unsubscribe();
        watching.unsubscribe();
      };
    },
  };
}

/** Tells facts when they have changed. */
class FactTeller {
  readonly #worker: Worker;
  readonly #send: (message: InspectMessage) => void;
  readonly #plain: PlainOptions;
  readonly #told = new WeakMap<AnyActorRef, string>();
  #drain: DrainFacts | null = null;
  #isDue = false;

  constructor(worker: Worker, send: (message: InspectMessage) => void, secrets: readonly string[]) {
    this.#worker = worker;
    this.#send = send;
    this.#plain = { redactor: new Redactor(secrets), limits: messageLimits, idOf: (id) => id };
  }

  /** For XState: must not throw. */
  readonly inspect = (inspection: InspectionEvent): void => {
    if (inspection.type !== '@xstate.snapshot') return;
    const actor = inspection.actorRef as AnyActorRef;
    try {
      const { pool } = this.#worker.getSnapshot().context;
      if (actor === this.#worker || actor === (pool as AnyActorRef)) this.#tellWorkerSoon();
      else if (actor._parent === this.#worker && isJob(actor)) this.#tellJob(actor as Job);
    } catch {
      // The stream itself goes on.
    }
  };

  /** How everything is now. */
  tellAll(): void {
    try {
      for (const { ref } of Object.values(this.#worker.getSnapshot().context.slots)) {
        this.#tellJob(ref);
      }
      this.#tellWorker();
    } catch {
      // As above.
    }
  }

  /** Many things change at once; the header is told once. */
  #tellWorkerSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      try {
        this.#tellWorker();
      } catch {
        // As above.
      }
    });
  }

  #tellWorker(): void {
    const snapshot = this.#worker.getSnapshot();
    const at = Date.now();
    this.#drain = drainFacts(snapshot, this.#drain, at);
    const { sessionId } = this.#worker;
    this.#tell(this.#worker, {
      type: '@greenroom.worker',
      sessionId,
      worker: workerFacts(snapshot, this.#drain),
    });
  }

  #tellJob(job: Job): void {
    const { sessionId } = job;
    this.#tell(job, { type: '@greenroom.job', sessionId, job: jobFacts(job.getSnapshot()) });
  }

  #tell(actor: AnyActorRef, message: InspectMessage): void {
    const text = JSON.stringify(message);
    if (this.#told.get(actor) === text) return;
    this.#told.set(actor, text);
    const shown = toPlain(message, this.#plain) as unknown as InspectMessage;
    this.#send({ ...shown, at: Date.now(), pid: process.pid });
  }
}

/** In a program that has the worker in a system of its own, other actors are not ours. */
function isBelow(actor: AnyActorRef, worker: AnyActorRef): boolean {
  let above: AnyActorRef | undefined = actor;
  while (above !== undefined && above !== worker) above = above._parent;
  return above === worker;
}

function isJob(actor: AnyActorRef): boolean {
  return actor.src === 'job';
}
