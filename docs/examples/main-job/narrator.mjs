/** Prints who does what and when: plain lines, coloured on a terminal unless NO_COLOR is set. */
import { stripVTControlCharacters, styleText } from 'node:util';

/** Who may speak, and in which colour. */
const colours = /** @type {const} */ ({
  start: 'gray',
  server: 'magenta',
  worker: 'cyan',
  'job process': 'green',
  caller: 'yellow',
});

const timeWidth = 6;
const speakerWidth = 19;

/** @typedef {keyof typeof colours} Speaker */

/**
 * A thing that was said.
 * @typedef {object} Remark
 * @property {Speaker} who
 * @property {number | null} [pid]
 * @property {string} text
 * @property {'plain' | 'important' | 'bad'} [tone]
 * @property {number} [at] Milliseconds since 1970; now, unless given.
 */

/** Tells the story of a run. */
export class Narrator {
  #startedAt = Date.now();
  #coloured;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.stream = stream;
    this.#coloured = stream.isTTY && !process.env['NO_COLOR'];
  }

  /** @param {Remark} remark */
  say({ who, pid, text, tone = 'plain', at = Date.now() }) {
    const time = `${String(Math.max(0, at - this.#startedAt)).padStart(timeWidth)} ms`;
    const speaker = (pid ? `${who} ${pid}` : who).padEnd(speakerWidth);
    // What a program printed must not steer the terminal.
    const words = stripVTControlCharacters(text);
    this.print(
      `${this.paint('gray', time)}  ${this.paint(colours[who], speaker)} ${this.#emphasise(tone, words)}`,
    );
  }

  /** @param {string} line */
  print(line = '') {
    this.stream.write(`${line}\n`);
  }

  /**
   * @param {Parameters<typeof styleText>[0]} style
   * @param {string} text
   */
  paint(style, text) {
    return this.#coloured ? styleText(style, text) : text;
  }

  /**
   * @param {'plain' | 'important' | 'bad'} tone
   * @param {string} text
   */
  #emphasise(tone, text) {
    if (tone === 'plain') return text;
    return this.paint(tone === 'bad' ? 'red' : 'bold', text);
  }
}
