import { WorkerError, describeValue } from '../errors.ts';
import { nearestName } from './nearest-name.ts';

/** The mistakes found in the options: all are told at once. */
export class Problems {
  readonly #found: { option: string; text: string }[] = [];

  /** A value that is not allowed. */
  refuse(option: string, received: unknown, allowed: string): void {
    this.note(option, `received ${describeValue(received)}; allowed: ${allowed}.`);
  }

  /** A name that does not exist. */
  unknownName(option: string, name: string, known: readonly string[]): void {
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    this.note(option, `there is no such option.${hint}`);
  }

  /** Anything else that is wrong with an option. */
  note(option: string, text: string): void {
    this.#found.push({ option, text });
  }

  /** @throws WorkerError `GR_OPTION_INVALID` that lists every mistake. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const lines = this.#found.map(({ option, text }) => `- ${option}: ${text}`);
    const head =
      lines.length === 1 ? 'An option is not valid:' : `${lines.length} options are not valid:`;
    throw new WorkerError('GR_OPTION_INVALID', [head, ...lines].join('\n'), {
      details: { options: this.#found.map(({ option }) => option) },
    });
  }
}
