/** What stands where the actors will be, as long as there are none. */
import type { Store } from '../model/store.ts';
import { byId, element, setText } from './dom.ts';

/** Draws the words, and the lines that an app needs. */
export class WelcomeView {
  readonly #root = byId('welcome', HTMLElement);
  readonly #text = byId('welcome-text', HTMLElement);
  readonly #lines = byId('welcome-lines', HTMLElement);
  #shown = '';

  update({ ingest }: Store): void {
    const { hello, log, connection } = ingest;
    this.#root.hidden = log.head.actors.size > 0 || log.end > 0;
    if (this.#root.hidden) return;
    const lines = hello?.appLines ?? [];
    setText(this.#text, textOf(connection, lines.length > 0));
    const key = lines.join('\n');
    if (key === this.#shown) return;
    this.#shown = key;
    this.#lines.replaceChildren(...lines.map((line) => element('code', {}, [line])));
  }
}

function textOf(connection: string, acceptsApps: boolean): string {
  if (connection === 'lost') return 'There is no connection. The page tries again by itself.';
  if (acceptsApps) return 'Nothing has been sent yet. Add one of these lines to your app:';
  return 'Waiting for the first actor…';
}
