/** The keys of the page. */

/** A key and what it does. */
export interface KeyCommand {
  /** As `KeyboardEvent.key` says; one command may have several. */
  keys: readonly string[];
  shown: string;
  does: string;
  run: () => void;
}

/** Runs the commands, unless someone types. */
export function listenToKeys(commands: readonly KeyCommand[]): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (isTyping(event.target) && event.key !== 'Escape') return;
    const command = commands.find(({ keys }) => keys.includes(event.key));
    if (command === undefined || isPressing(event)) return;
    event.preventDefault();
    command.run();
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'range';
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Space and Enter press a button that has the focus. */
function isPressing({ key, target }: KeyboardEvent): boolean {
  return (key === ' ' || key === 'Enter') && target instanceof HTMLButtonElement;
}
