/** Keeps what a worker logs. */
import { pino } from 'pino';
import { Recorder } from './recorder.mjs';

/** A logger for a worker inside the test's own process. */
export class MemoryLog {
  /** The lines, parsed. */
  readonly lines = new Recorder<Record<string, unknown> & { msg: string }>((items) =>
    items.map(({ msg }) => msg).join('\n'),
  );
  readonly logger = pino({}, { write: (line: string) => this.lines.add(JSON.parse(line)) });

  /** What a person reads. */
  get texts(): string[] {
    return this.lines.items.map(({ msg }) => msg);
  }
}
