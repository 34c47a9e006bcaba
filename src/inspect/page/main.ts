/** The page of the inspector. */
import { Layouts } from './layouts.ts';
import { Ingest } from './model/ingest.ts';
import { type MainTab, type SideTab, Store } from './model/store.ts';
import { ServerStream, listenToOpener } from './sources.ts';
import { ActorView } from './views/actor.ts';
import { ChartView } from './views/chart.ts';
import { byId } from './views/dom.ts';
import { EventsView } from './views/events.ts';
import { HeaderView } from './views/header.ts';
import { listenToKeys } from './views/keys.ts';
import { SendForm } from './views/send.ts';
import { SequenceView } from './views/sequence.ts';
import { Tabs } from './views/tabs.ts';
import { listenToTheme } from './views/theme.ts';
import { TimeBar } from './views/time-bar.ts';
import { TimelineView } from './views/timeline.ts';
import { TreeView } from './views/tree.ts';
import { keyCommands, showHelp } from './views/help.ts';
import { WelcomeView } from './views/welcome.ts';

const growEveryMs = 250;

const store = new Store(new Ingest());
const stream = new ServerStream(store);
const header = new HeaderView();
const tree = new TreeView(store);
const chart = new ChartView(store, new Layouts());
const sequence = new SequenceView(store);
const timeline = new TimelineView(store);
const actor = new ActorView(store, new SendForm(store, (frame) => stream.send(frame)));
const events = new EventsView(store);
const timeBar = new TimeBar(store);
const welcome = new WelcomeView();
const mainTabs = new Tabs<MainTab>('main-tabs', (tab) => {
  store.mainTab = tab;
  store.changed();
});
const sideTabs = new Tabs<SideTab>('side-tabs', (tab) => {
  store.sideTab = tab;
  store.changed();
});

const mainViews: Readonly<Record<MainTab, () => void>> = {
  chart: () => chart.update(),
  sequence: () => sequence.update(),
  timeline: () => timeline.update(),
};
const sideViews: Readonly<Record<SideTab, () => void>> = {
  actor: () => actor.update(),
  events: () => events.update(),
};

/** The first actor that comes is the first one to look at. */
function chooseFirst(): void {
  if (store.chosen !== null) return;
  const [first] = store.stage.actors.keys();
  store.chosen = first ?? null;
}

store.render = () => {
  chooseFirst();
  header.update(store);
  welcome.update(store);
  tree.update();
  mainTabs.show(store.mainTab);
  sideTabs.show(store.sideTab);
  mainViews[store.mainTab]();
  sideViews[store.sideTab]();
  timeBar.update();
};

const commands = keyCommands({ store, tree, canvas: chart.canvas, timeBar });
listenToKeys(commands);
byId('help', HTMLButtonElement).addEventListener('click', () => showHelp(commands));
listenToTheme(() => store.changed());
setInterval(() => {
  if (store.mainTab === 'timeline' && timeline.isGrowing) store.changed();
}, growEveryMs);
listenToOpener(store);
stream.connect();
store.changed();
