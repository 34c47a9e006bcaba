/** What is known of the chosen actor, at the side; sends it events where that is allowed. */
import type { Json } from '../../messages.ts';
import { chartFor, enabledEvents } from '../model/charts.ts';
import type { ActorState, JobState } from '../model/stage.ts';
import type { Store } from '../model/store.ts';
import { stateText } from '../model/tree.ts';
import { byId, element, setText } from './dom.ts';
import { durationText, eventText, timeText } from './format.ts';
import { JsonView } from './json.ts';
import type { SendForm } from './send.ts';
import { toneOf } from './tree.ts';

const ownEvents = /^xstate\./;

/** Draws the side. */
export class ActorView {
  readonly #store: Store;
  readonly #form: SendForm;
  readonly #name = byId('actor-name', HTMLElement);
  readonly #kind = byId('actor-kind', HTMLElement);
  readonly #state = byId('actor-state', HTMLElement);
  readonly #facts = byId('actor-facts', HTMLElement);
  readonly #events = byId('actor-events', HTMLElement);
  readonly #snapshot = new JsonView(byId('actor-snapshot', HTMLElement));
  #shownFacts = '';
  #shownEvents = '';

  constructor(store: Store, form: SendForm) {
    this.#store = store;
    this.#form = form;
  }

  update(): void {
    const { chosen, stage } = this.#store;
    const actor = chosen === null ? undefined : stage.actors.get(chosen);
    byId('actor', HTMLElement).classList.toggle('is-empty', actor === undefined);
    if (actor === undefined) {
      setText(this.#name, chosen === null ? 'No actor chosen' : 'Not there at this moment');
      setText(
        this.#kind,
        chosen === null ? 'Choose one at the left.' : 'It begins later, or was forgotten.',
      );
      return;
    }
    const job = stage.jobs.get(actor.id) ?? null;
    setText(this.#name, actor.name);
    setText(this.#kind, kindText(actor));
    setText(this.#state, stateText(actor));
    this.#state.dataset['tone'] = toneOf({ actor, job });
    this.#showFacts(factsOf(actor, job));
    this.#showEvents(actor);
    this.#snapshot.show(contentOf(actor));
    this.#form.update(actor);
  }

  #showFacts(facts: readonly (readonly [string, string])[]): void {
    const text = JSON.stringify(facts);
    if (text === this.#shownFacts) return;
    this.#shownFacts = text;
    this.#facts.replaceChildren(
      ...facts.flatMap(([name, value]) => [element('dt', {}, [name]), element('dd', {}, [value])]),
    );
  }

  /** What it can take now; XState's own events only stand in the chart. */
  #showEvents(actor: ActorState): void {
    const { chart } = chartFor(actor.definition ?? '');
    const events = chart === null ? [] : [...enabledEvents(chart, actor)];
    const own = events.filter(([type]) => !ownEvents.test(type));
    const canSend = this.#form.isAllowed;
    const text = JSON.stringify([actor.id, canSend, own.map(([type]) => type)]);
    if (text === this.#shownEvents) return;
    this.#shownEvents = text;
    byId('actor-takes', HTMLElement).hidden = own.length === 0;
    this.#events.replaceChildren(
      ...own.map(([type, transitions]) => {
        const title = transitions.flatMap(({ description }) => description || []).join('\n');
        const inside = canSend
          ? element('button', { type: 'button', title, onclick: () => this.#form.propose(type) }, [
              type,
            ])
          : element('span', { title }, [type]);
        return element('li', {}, [inside]);
      }),
    );
  }
}

function kindText({ kind, machineId, src }: ActorState): string {
  if (kind === 'machine') return `machine ${machineId}`;
  return src === '' ? kind : `${kind} · ${src}`;
}

function factsOf(actor: ActorState, job: JobState | null): [string, string][] {
  const end = actor.endedAt;
  const facts: [string, string][] = [
    ['Started', timeText(actor.startedAt)],
    ...(end === null
      ? []
      : ([['Ended', `${timeText(end)}, after ${durationText(end - actor.startedAt)}`]] as [
          string,
          string,
        ][])),
    ['Last event', actor.lastEvent === null ? 'none' : eventText(actor.lastEvent.type)],
    ['Process', actor.pid === null ? '' : String(actor.pid)],
    ...jobFacts(job),
    ['Session id', actor.id],
  ];
  return facts.filter(([, value]) => value !== '');
}

function jobFacts(job: JobState | null): [string, string][] {
  if (job === null) return [];
  return [
    ['Job', job.jobId],
    ['Room', job.room],
    ['Agent', job.agentName],
    ['Job process', job.pid === null ? '' : String(job.pid)],
    ['Outcome', job.outcome ?? ''],
    ['Reason', job.reason ?? ''],
    ['Failure', job.failure === null ? '' : `${job.failure.code}: ${job.failure.message}`],
  ];
}

const contents = new WeakMap<ActorState['snapshot'], Json>();

/** Shown elsewhere, or without a meaning to people. */
const leftOut = new Set([
  'status',
  'value',
  'children',
  'tags',
  'historyValue',
  'matches',
  'hasTag',
  'can',
  'getMeta',
  'toJSON',
]);

/** What the snapshot holds: the context alone where there is nothing else. The same value for the same snapshot. */
function contentOf({ snapshot }: ActorState): Json {
  const before = contents.get(snapshot);
  if (before !== undefined) return before;
  const entries = Object.entries(snapshot).filter(
    ([key, value]) => !leftOut.has(key) && value !== undefined && value !== null,
  );
  const [only] = entries;
  const isContext = entries.length === 1 && only?.[0] === 'context';
  const made: Json = isContext ? (only[1] ?? null) : Object.fromEntries(entries);
  contents.set(snapshot, made);
  return made;
}
