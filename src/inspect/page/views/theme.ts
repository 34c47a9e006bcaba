/** Light, dark, or as the system has it. */
import { byId, setAttribute } from './dom.ts';

const themes = ['auto', 'light', 'dark'] as const;
const storageKey = 'greenroom.theme';

/** Lets the button go through the themes; what was chosen is remembered. */
export function listenToTheme(changed: () => void): void {
  const button = byId('theme', HTMLButtonElement);
  const apply = (theme: string): void => {
    setAttribute(document.documentElement, 'data-theme', theme);
    setAttribute(button, 'aria-label', `Theme: ${theme}`);
    setAttribute(button, 'title', `Theme: ${theme}`);
    changed();
  };
  let theme = localStorage.getItem(storageKey) ?? 'auto';
  button.addEventListener('click', () => {
    const at = themes.findIndex((name) => name === theme);
    theme = themes[(at + 1) % themes.length] ?? 'auto';
    localStorage.setItem(storageKey, theme);
    apply(theme);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  apply(theme);
}
