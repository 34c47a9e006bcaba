/** What the keys do, as commands and as a table. */
import type { Store } from '../model/store.ts';
import type { Canvas } from './canvas.ts';
import { byId, element } from './dom.ts';
import type { KeyCommand } from './keys.ts';
import type { TimeBar } from './time-bar.ts';
import type { TreeView } from './tree.ts';

/** What the commands act on. */
export interface KeyTargets {
  store: Store;
  tree: TreeView;
  canvas: Canvas;
  timeBar: TimeBar;
}

/** Every command of the page. */
export function keyCommands({ store, tree, canvas, timeBar }: KeyTargets): KeyCommand[] {
  const { ingest } = store;
  const open = (tab: Store['mainTab']) => () => {
    store.mainTab = tab;
    store.changed();
  };
  const commands: KeyCommand[] = [
    {
      keys: ['ArrowLeft', ','],
      shown: '← or ,',
      does: 'one message back',
      run: () => timeBar.step(-1),
    },
    {
      keys: ['ArrowRight', '.'],
      shown: '→ or .',
      does: 'one message forth',
      run: () => timeBar.step(1),
    },
    { keys: [' '], shown: 'Space', does: 'pause, play', run: () => timeBar.toggle() },
    {
      keys: ['Home'],
      shown: 'Home',
      does: 'the beginning',
      run: () => store.travelTo(ingest.log.first),
    },
    { keys: ['End', 'l'], shown: 'End or L', does: 'now', run: () => store.goLive() },
    { keys: ['1'], shown: '1', does: 'statechart', run: open('chart') },
    { keys: ['2'], shown: '2', does: 'sequence', run: open('sequence') },
    { keys: ['3'], shown: '3', does: 'timeline', run: open('timeline') },
    { keys: ['a'], shown: 'A', does: 'the actor at the side', run: () => openSide(store, 'actor') },
    { keys: ['e'], shown: 'E', does: 'events at the side', run: () => openSide(store, 'events') },
    { keys: ['/'], shown: '/', does: 'search actors', run: () => tree.focusSearch() },
    { keys: ['+', '='], shown: '+', does: 'zoom in', run: () => canvas.zoom(1.25) },
    { keys: ['-'], shown: '−', does: 'zoom out', run: () => canvas.zoom(0.8) },
    { keys: ['0'], shown: '0', does: 'the whole chart', run: () => canvas.fit() },
    { keys: ['f'], shown: 'F', does: 'follow the active states', run: () => canvas.followAgain() },
  ];
  return [
    ...commands,
    { keys: ['?'], shown: '?', does: 'this table', run: () => showHelp(commands) },
  ];
}

function openSide(store: Store, tab: Store['sideTab']): void {
  store.sideTab = tab;
  store.changed();
}

/** Opens the table of keys. */
export function showHelp(commands: readonly KeyCommand[]): void {
  const dialog = byId('help-dialog', HTMLDialogElement);
  byId('help-keys', HTMLElement).replaceChildren(
    ...commands.flatMap(({ shown, does }) => [
      element('dt', {}, [element('kbd', {}, [shown])]),
      element('dd', {}, [does]),
    ]),
  );
  dialog.showModal();
}
