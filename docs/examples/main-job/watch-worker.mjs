/** Starts the worker as anyone would, and knows of it what its log says. */
import { parseLogLine, startProgram } from '../../../test/support/program.mjs';
import { Recorder } from '../../../test/support/recorder.mjs';
import { tellLogLine, timeOf } from './lifecycle.mjs';

/**
 * A lifecycle fact from the log.
 * @typedef {object} Fact
 * @property {string} type
 * @property {number} at Milliseconds since 1970.
 * @property {Record<string, unknown>} line
 */

const waitMs = 60_000;

/** A worker and what it has told so far. */
export class WatchedWorker {
  /** @type {Recorder<Fact>} */
  #facts = new Recorder(namesOf);
  #narrator;

  /**
   * Starts the agent's program.
   * @param {object} options
   * @param {import('../../../test/support/guard.mjs').Guard} options.guard
   * @param {import('./narrator.mjs').Narrator} options.narrator
   * @param {string} options.agent
   * @param {readonly string[]} options.args
   * @param {string} options.cwd
   * @param {NodeJS.ProcessEnv} options.env
   */
  constructor({ guard, narrator, agent, args, cwd, env }) {
    this.program = startProgram(guard, process.execPath, [agent, ...args], { cwd, env });
    this.#narrator = narrator;
    const { pid, output } = this.program;
    narrator.say({ who: 'worker', pid, text: `starts: node ${agent} ${args.join(' ')}` });
    output.watch((text) => this.#read(text));
  }

  /**
   * The first fact that matches, be it told already or still to come.
   * @param {string} type
   * @param {(line: Record<string, unknown>) => boolean} [matches]
   */
  waitFor(type, matches = () => true) {
    const isIt = (/** @type {Fact} */ fact) => fact.type === type && matches(fact.line);
    return this.#facts.waitFor(`The fact ${type}`, isIt, { timeoutMs: waitMs });
  }

  /**
   * Waits until the job in a room has ended well and its process is gone.
   * @param {string} room
   */
  async untilJobEnded(room) {
    const ended = await this.waitFor('job.ended', (line) => line['room'] === room);
    const { end, failure } = ended.line;
    if (end !== 'succeeded')
      throw new Error(`The job has ended as ${end}: ${JSON.stringify(failure)}.`);
    const started = await this.waitFor('job.started', (line) => line['room'] === room);
    const exited = await this.waitFor(
      'process.exited',
      (line) => line['process'] === started.line['process'],
    );
    const { code, signal } = exited.line;
    if (code !== 0)
      throw new Error(`The job process has ended with ${JSON.stringify(code ?? signal)}.`);
    return ended;
  }

  /**
   * When the job of a room was how far: the time of each of its facts.
   * @param {string} room
   */
  momentsOf(room) {
    const ofRoom = this.#facts.items.filter(({ line }) => line['room'] === room);
    return new Map(ofRoom.map(({ type, at }) => [type, at]));
  }

  /** @param {string} text */
  #read(text) {
    const { pid } = this.program;
    const line = parseLogLine(text);
    const remark =
      line === null ? { who: /** @type {const} */ ('worker'), pid, text } : tellLogLine(line, pid);
    if (remark) this.#narrator.say(remark);
    if (typeof line?.['event'] === 'string')
      this.#facts.add({ type: line['event'], at: timeOf(line), line });
  }
}

/** @param {readonly Fact[]} facts */
function namesOf(facts) {
  return `The worker told: ${facts.map(({ type }) => type).join(', ') || 'nothing'}.`;
}
