/** The streams of the job processes: asked for while someone watches, checked, and hung below their processes. */
import type { AnyActorRef } from 'xstate';
import { ForeignReader } from './foreign.ts';
import type { StreamSource } from './hub.ts';
import type { DefinitionMessage, InspectMessage, WireEvent } from './messages.ts';
import { DefinitionWriter, sharedId } from './wire/definition.ts';
import { Redactor } from './wire/redact.ts';
import { type WireScope, rootOf } from './wire/writer.ts';

/** What a job process is told. */
export type ProcessOrder =
  | { type: 'inspect'; scope: WireScope | null }
  | { type: 'inspectSend'; sessionId: string; event: WireEvent };

/** One job process, as the inspector has it. */
export interface ProcessLink {
  /** What it says. */
  receive(messages: readonly unknown[]): void;
  /** It has exited. */
  gone(): void;
}

interface Connected {
  scope: WireScope;
  foreign: ForeignReader;
  tell: (order: ProcessOrder) => void;
}

/** All job processes of a worker. */
export class ProcessLinks implements StreamSource {
  readonly #links = new Map<string, Connected>();
  readonly #onGone: (prefix: string) => void;
  /** What job processes need not tell, and what that is called on the link. */
  readonly #definitions: DefinitionMessage[] = [];
  readonly #known = new Map<string, string>();
  #send: ((message: InspectMessage) => void) | null = null;

  /** `onGone`: a process has exited, and what was open in it is lost. */
  constructor(onGone: (prefix: string) => void) {
    this.#onGone = onGone;
  }

  /** Loads the machines of job processes, which the worker itself does not have; before anyone watches. */
  async prepare(): Promise<void> {
    if (this.#known.size > 0) return;
    const [{ sessionMachine }, { sessionCloseMachine }] = await Promise.all([
      import('../../machines/session/session.machine.ts'),
      import('../../machines/session-close/session-close.machine.ts'),
    ]);
    const writer = new DefinitionWriter({ redactor: new Redactor(), idOf: (id) => id });
    for (const { config, id } of [sessionMachine, sessionCloseMachine]) {
      const { id: definitionId, text: definition } = writer.of(config);
      this.#known.set(sharedId(id), definitionId);
      this.#definitions.push({ type: '@greenroom.definition', definitionId, definition });
    }
  }

  start(send: (message: InspectMessage) => void): () => void {
    this.#send = send;
    for (const definition of this.#definitions) send(definition);
    for (const { tell, scope } of this.#links.values()) tell({ type: 'inspect', scope });
    return () => {
      this.#send = null;
      for (const { tell } of this.#links.values()) tell({ type: 'inspect', scope: null });
    };
  }

  /** A job process was started by `actor`; `tell` says something to it. */
  connect(actor: AnyActorRef, tell: (order: ProcessOrder) => void): ProcessLink {
    const prefix = actor.sessionId;
    const scope = { prefix, parentId: prefix, rootId: rootOf(actor).sessionId };
    const foreign = new ForeignReader({ ...scope, isScoped: true }, this.#known);
    this.#links.set(prefix, { scope, foreign, tell });
    if (this.#send !== null) tell({ type: 'inspect', scope });
    return {
      receive: (messages) => this.#receive(foreign, messages),
      gone: () => {
        this.#links.delete(prefix);
        if (this.#send !== null) this.#onGone(prefix);
      },
    };
  }

  /** Hands an event to the process of an actor; false when there is none. */
  send(sessionId: string, event: WireEvent): boolean {
    const [prefix = ''] = sessionId.split('/', 1);
    const link = this.#links.get(prefix);
    link?.tell({ type: 'inspectSend', sessionId, event });
    return link !== undefined;
  }

  #receive(foreign: ForeignReader, messages: readonly unknown[]): void {
    if (this.#send === null) return;
    for (const message of messages) {
      for (const checked of foreign.read(message)) this.#send(checked);
    }
  }
}
