/** The line at the top: how the worker is, and how the page gets its stream. */
import type { WorkerFacts } from '../../messages.ts';
import type { Store } from '../model/store.ts';
import { byId, element, setAttribute, setText } from './dom.ts';
import { durationText, percentText } from './format.ts';

const noAgent = 'XState inspector';

/** Draws the header. */
export class HeaderView {
  readonly #title = byId('title', HTMLElement);
  readonly #facts = byId('facts', HTMLElement);
  readonly #connection = byId('connection', HTMLElement);
  #shown = '';

  update(store: Store): void {
    const { hello } = store.ingest;
    const title = hello === null || hello.title === '' ? noAgent : hello.title;
    setText(this.#title, title);
    document.title = `${title} – Greenroom inspector`;
    this.#showConnection(store);
    const { worker } = store.stage;
    const facts = worker === null ? [] : factsOf(worker);
    const text = JSON.stringify(facts);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#facts.replaceChildren(...facts.map(factElement));
  }

  #showConnection({ ingest }: Store): void {
    const { connection, missing, hello } = ingest;
    const words = {
      connecting: 'connecting',
      live: 'live',
      ended: 'recording',
      lost: 'connection lost',
    };
    const lost = missing === 0 ? '' : ` · ${missing.toLocaleString('en')} messages missing`;
    const unreadable = hello?.recording?.unreadable ?? 0;
    const skipped = unreadable === 0 ? '' : ` · ${unreadable} lines unreadable`;
    setText(this.#connection, words[connection] + lost + skipped);
    setAttribute(this.#connection, 'data-connection', connection);
    setAttribute(this.#connection, 'title', hello === null ? '' : `Greenroom ${hello.version}`);
  }
}

interface Fact {
  name: string;
  text: string;
  tone: 'good' | 'bad' | 'plain';
  /** A fraction, for a small bar. */
  level: number | null;
  detail: string;
}

function factsOf(worker: WorkerFacts): Fact[] {
  return [
    stateFact(worker),
    registrationFact(worker),
    loadFact(worker),
    slotsFact(worker),
    processesFact(worker),
    drainFact(worker),
  ].flat();
}

function stateFact({ state, outcome }: WorkerFacts): Fact {
  const tones: Readonly<Record<string, Fact['tone']>> = { drained: 'plain', failed: 'bad' };
  const tone = outcome === null ? 'plain' : (tones[outcome] ?? 'plain');
  return { name: 'Worker', text: outcome ?? state, tone, level: null, detail: state };
}

function registrationFact({ registrations }: WorkerFacts): Fact {
  const done = registrations.filter(({ isRegistered }) => isRegistered);
  const isAll = done.length === registrations.length && done.length > 0;
  const many = registrations.length > 1 ? ` ${done.length} of ${registrations.length}` : '';
  return {
    name: 'Server',
    text: done.length === 0 ? 'not registered' : `registered${many}`,
    tone: isAll ? 'good' : 'bad',
    level: null,
    detail: registrations
      .map(({ agentName, key, workerId }) => `${agentName || key}: ${workerId || 'not registered'}`)
      .join('\n'),
  };
}

function loadFact({ load, loadThreshold, told }: WorkerFacts): Fact {
  const limit = loadThreshold === null ? '' : ` of ${percentText(loadThreshold)}`;
  const isOver = loadThreshold !== null && load >= loadThreshold;
  const detail =
    told === null
      ? 'The server was told nothing yet.'
      : `Told: ${told.status}, ${percentText(told.load)}`;
  return {
    name: 'Load',
    text: percentText(load) + limit,
    tone: isOver ? 'bad' : 'plain',
    level: load,
    detail,
  };
}

function slotsFact({ slots }: WorkerFacts): Fact {
  const used = slots.reserved + slots.running;
  return {
    name: 'Slots',
    text: slots.max === null ? `${used} used` : `${used} of ${slots.max}`,
    tone: 'plain',
    level: slots.max === null ? null : used / Math.max(1, slots.max),
    detail: `${slots.running} running, ${slots.reserved} reserved`,
  };
}

function processesFact({ processes }: WorkerFacts): Fact {
  const { warm, wanted, warming, claimed, stopping } = processes;
  return {
    name: 'Warm processes',
    text: `${warm} of ${wanted}`,
    tone: 'plain',
    level: null,
    detail: `${warm} warm, ${warming} warming, ${claimed} with a job, ${stopping} stopping`,
  };
}

function drainFact({ drain }: WorkerFacts): Fact[] {
  if (drain === null) return [];
  const { jobsAtStart, jobsLeft, deadline, since } = drain;
  const limit =
    deadline === null ? 'without a limit' : `for ${durationText(deadline - since)} at most`;
  return [
    {
      name: 'Drain',
      text: `${jobsLeft} of ${jobsAtStart} jobs left`,
      tone: 'bad',
      level: jobsAtStart === 0 ? 1 : 1 - jobsLeft / jobsAtStart,
      detail: `Waits ${limit}.`,
    },
  ];
}

function factElement({ name, text, tone, level, detail }: Fact): HTMLElement {
  const bar =
    level === null
      ? []
      : [
          element('meter', {
            min: 0,
            max: 1,
            value: Math.min(1, level),
            'aria-label': name,
          }),
        ];
  return element('div', { class: 'fact', title: detail }, [
    element('dt', {}, [name]),
    element('dd', { 'data-tone': tone }, [text, ...bar]),
  ]);
}
