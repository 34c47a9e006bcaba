/** The form that sends an event to the chosen actor; there only where the worker allows it. */
import type { FromPage, SentFrame } from '../../frames.ts';
import type { WireEvent } from '../../messages.ts';
import type { ActorState } from '../model/stage.ts';
import type { Store } from '../model/store.ts';
import { byId, setText } from './dom.ts';

/** Sends what is written in it. */
export class SendForm {
  readonly #store: Store;
  readonly #send: (frame: FromPage) => boolean;
  readonly #form = byId('send', HTMLFormElement);
  readonly #text = byId('send-text', HTMLTextAreaElement);
  readonly #answer = byId('send-answer', HTMLElement);
  #actor: ActorState | null = null;
  #request = 0;

  constructor(store: Store, send: (frame: FromPage) => boolean) {
    this.#store = store;
    this.#send = send;
    store.ingest.onSent = (frame) => this.#onSent(frame);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Only now, not in the past. */
  get isAllowed(): boolean {
    return this.#store.ingest.hello?.canSend === true && this.#store.moment === null;
  }

  update(actor: ActorState): void {
    if (this.#actor?.id !== actor.id) setText(this.#answer, '');
    this.#actor = actor;
    this.#form.hidden = !this.isAllowed || actor.endedAt !== null;
  }

  /** Writes an event of that type into the form. */
  propose(type: string): void {
    this.#text.value = JSON.stringify({ type });
    this.#text.focus();
  }

  #submit(): void {
    const event = readEvent(this.#text.value);
    if (typeof event === 'string') return setText(this.#answer, event);
    if (this.#actor === null) return;
    this.#request += 1;
    const frame = {
      type: 'send',
      request: this.#request,
      sessionId: this.#actor.id,
      event,
    } as const;
    const isSent = this.#send(frame);
    setText(this.#answer, isSent ? `${event.type} is on its way` : 'There is no connection.');
  }

  #onSent({ request, failure }: SentFrame): void {
    if (request !== this.#request) return;
    setText(this.#answer, failure === null ? 'Delivered.' : `Not delivered: ${failure}`);
  }
}

/** The event in a text, or what is wrong with it. */
function readEvent(text: string): WireEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const isEvent =
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string';
  return isEvent ? (value as WireEvent) : 'An event is an object with a type: { "type": "…" }';
}
